import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Where the scripts that need h2spec build it. */
const program = fileURLToPath(new URL("../../../../.cache/interop/bin/h2spec", import.meta.url));

/** What h2spec found out about one server. */
export interface H2specResult {
  readonly passed: number;
  readonly skipped: number;
  /** `<section>: <title>` of each case that failed. */
  readonly failures: readonly string[];
}

/** Runs all cases, those it calls strict included, against a server on loopback. */
export async function runH2spec(port: number, tls: boolean): Promise<H2specResult> {
  const folder = await mkdtemp(join(tmpdir(), "h2spec-"));
  try {
    const report = join(folder, "report.xml");
    const flags = ["-p", String(port), "-o", "2", "-S", "-j", report, ...(tls ? ["-t", "-k"] : [])];
    // It exits with 1 when a case fails; the report says which.
    await promisify(execFile)(program, flags).catch((error: { code?: unknown }) => {
      if (error.code !== 1) throw error;
    });
    return parseReport(await readFile(report, "utf8"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Reads a report as JUnit writes it. Throws when there are no cases in it. */
function parseReport(xml: string): H2specResult {
  const failures: string[] = [];
  let passed = 0;
  let skipped = 0;
  const cases = xml.matchAll(
    /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g,
  );
  for (const [, section = "", title = "", outcome = ""] of cases) {
    if (outcome.includes("<failure") || outcome.includes("<error")) {
      failures.push(`${section}: ${title.replaceAll("&#34;", '"')}`);
    } else if (outcome.includes("<skipped")) {
      skipped++;
    } else {
      passed++;
    }
  }
  if (passed === 0) throw new Error(`h2spec tells of no case that passed: ${xml.slice(0, 200)}`);
  return { passed, skipped, failures };
}
