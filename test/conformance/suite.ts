import { execa } from "execa";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type KnownFailure, readKnownFailures } from "./known-failures.ts";

/** What is put to the test, and how. */
export interface Suite {
  /** As the report calls it. */
  readonly title: string;
  readonly mode: "server" | "client";
  /** The name of files in `configs`. */
  readonly config: string;
  /** The program, and what it is told. */
  readonly program: readonly [file: string, ...args: string[]];
}

/** What came of a suite. */
export interface Outcome {
  readonly suite: Suite;
  readonly cases: number;
  readonly failing: readonly KnownFailure[];
  /** How many cases `failing` is about. */
  readonly failingCases: number;
  /** Cases that fail now and then. */
  readonly flaky: readonly KnownFailure[];
  readonly flakyCases: number;
}

const folder = new URL(".", import.meta.url);
const root = fileURLToPath(new URL("../..", folder));

/**
 * Runs a suite with `runner`, the program `connectconformance`. Rejects when a case fails that should not, or does not
 * fail that should.
 */
export async function runSuite(runner: string, suite: Suite): Promise<Outcome> {
  const { config, mode, program } = suite;
  const failing = listKnown(`${config}-known-failing.txt`);
  const flaky = listKnown(`${config}-known-flaky.txt`);
  const [file, ...args] = program;
  const { stdout } = await execa(
    runner,
    [
      "-v",
      `--mode=${mode}`,
      `--conf=${fileURLToPath(new URL(`configs/${config}.yaml`, folder))}`,
      "--max-servers=2",
      ...failing.map(({ pattern }) => `--known-failing=${pattern}`),
      ...flaky.map(({ pattern }) => `--known-flaky=${pattern}`),
      "--",
      process.execPath,
      "--import",
      "./scripts/register.js",
      "--conditions=@kratos-ts/source",
      fileURLToPath(new URL(file, folder)),
      ...args,
    ],
    { cwd: root },
  );
  return {
    suite,
    cases: findNumber(stdout, /^Total cases: (\d+)$/m),
    failing,
    failingCases: failing.length === 0 ? 0 : findNumber(stdout, /known failing .*match (\d+)/),
    flaky,
    flakyCases: flaky.length === 0 ? 0 : findNumber(stdout, /known flaky .*match (\d+)/),
  };
}

function listKnown(name: string): readonly KnownFailure[] {
  const url = new URL(`configs/${name}`, folder);
  return existsSync(url) ? readKnownFailures(url) : [];
}

function findNumber(text: string, pattern: RegExp): number {
  const [, digits] = pattern.exec(text) ?? [];
  if (digits === undefined) throw new Error(`the runner said nothing like ${pattern.source}`);
  return Number(digits);
}
