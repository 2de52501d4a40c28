import type { KnownFailure } from "./known-failures.ts";
import type { Outcome } from "./suite.ts";

/** The report on all suites, in Markdown. */
export function printReport(version: string, outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ suite, cases, failingCases, flakyCases }) => {
    const known = failingCases === 0 ? "none" : String(failingCases);
    const flaky = flakyCases === 0 ? "none" : String(flakyCases);
    return `| ${suite.title} | ${cases} | ${known} | ${flaky} |`;
  });
  return `# Conformance

What the test suite of the Connect project ([connectrpc/conformance](https://github.com/connectrpc/conformance)
${version}) says of our servers and clients. Written by \`npm run test:conformance\`, which fails when a case fails that is
not on a list, and when one on the list of those that always fail does not. What each of them can do, and is asked to
show, stands in \`test/conformance/configs\`: all kinds of methods, clear text and TLS, with certificates of clients too,
gzip, protobuf binary and JSON, deadlines, cancellation, limits of messages, metadata, errors with details, and what is
malformed.

| put to the test | cases | fail always | fail at times |
| --------------- | ----- | ----------- | ------------- |
${rows.join("\n")}

\`GrpcClient\` speaks gRPC with protobuf binary alone; it is asked no more than that. Services are called over Connect and
gRPC-Web from browsers and by clients of the Connect project, not by ours.
${listReasons(
  "Cases that always fail",
  outcomes.map(({ suite, failing }) => [suite.title, failing]),
)}${listReasons(
    "Cases that fail at times",
    outcomes.map(({ suite, flaky }) => [suite.title, flaky]),
  )}`;
}

function listReasons(
  title: string,
  lists: readonly (readonly [string, readonly KnownFailure[]])[],
): string {
  const titles = new Map<string, string[]>();
  for (const [of, failures] of lists) {
    for (const { pattern, reason } of failures) {
      const line = `- \`${pattern}\`: ${reason}`;
      titles.set(line, [...(titles.get(line) ?? []), of]);
    }
  }
  if (titles.size === 0) return "";
  const lines = [...titles].map(([line, of]) => `${line} (${of.join("; ")})`);
  return `\n## ${title}\n\n${lines.join("\n")}\n`;
}
