/** Runs h2spec against both engines and prints a report; `npm run report:h2spec` writes it. */
import { readFile } from "node:fs/promises";
import { knownFailures, timingDependent } from "./known-failures.ts";
import { runH2spec } from "./run-h2spec.ts";
import { type Target, targets, whileServing } from "./targets.ts";

const version = / (v[\d.]+)/.exec(await readFile(new URL("go.mod", import.meta.url), "utf8"))?.[1];

const lines = [
  `# h2spec

What [h2spec](https://github.com/summerwind/h2spec) ${version}, with its strict cases, says of a server on each
of the two HTTP/2 engines (Node ${process.version}, nghttp2 ${process.versions["nghttp2"]}). Written by \`npm run report:h2spec\`;
\`npm run test:interop\` fails when a case that passes here fails, or the other way round.

| engine | over | passed | skipped | failed |
| ------ | ---- | ------ | ------- | ------ |`,
];

const failed = new Map<Target["name"], Set<string>>();
for (const target of targets) {
  // oxlint-disable-next-line no-await-in-loop -- one at a time
  const result = await whileServing(target, (port) => runH2spec(port, target.tls));
  const { passed, skipped, failures } = result;
  const names = failed.get(target.name) ?? new Set();
  for (const name of failures) names.add(name);
  failed.set(target.name, names);
  const over = target.tls ? "TLS" : "TCP";
  lines.push(`| ${target.name} | ${over} | ${passed} | ${skipped} | ${failures.length} |`);
}

for (const [engine, names] of failed) {
  if (names.size === 0) continue;
  lines.push(
    `\n## What ${engine} fails\n`,
    "| case | why it stays so |",
    "| ---- | --------------- |",
  );
  for (const name of names)
    lines.push(
      `| ${name} | ${knownFailures[engine][name] ?? timingDependent[engine][name] ?? "new"} |`,
    );
}
process.stdout.write(`${lines.join("\n")}\n`);
