import { execa } from "execa";
import { z } from "zod";
import { CliError } from "../cli-error.ts";
import { findBufBinary } from "./buf-binary.ts";

/** What buf says of a place in a proto. */
export interface BufFinding {
  /** Relative to where buf ran; undefined for what is about no file, such as one that is gone. */
  readonly path: string | undefined;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
  /** The name of the rule; `COMPILE` for what does not compile. */
  readonly rule: string;
  readonly message: string;
}

const annotation = z
  .object({
    path: z.string().optional(),
    start_line: z.number().default(1),
    start_column: z.number().default(1),
    type: z.string().default(""),
    message: z.string(),
  })
  .transform(({ path, start_line, start_column, type, message }): BufFinding => ({
    path,
    line: start_line,
    column: start_column,
    rule: type,
    message,
  }));

/** The exit code of buf when it has found something. */
export const foundSomething = 100;

/**
 * Runs a command of buf that looks for something, and returns what it found.
 *
 * @throws CliError TOOL_FAILED when it could not look, CANCELLED
 */
export async function findWithBuf(
  args: readonly string[],
  cwd: string,
  signal?: AbortSignal,
): Promise<BufFinding[]> {
  const all = [...args, "--error-format=json", "--log-format=text"];
  const { exitCode, stdout } = await runBuf(all, cwd, signal, [0, foundSomething]);
  if (exitCode === 0) return [];
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => annotation.parse(JSON.parse(line)));
}

/**
 * Runs buf to its end.
 *
 * @throws CliError TOOL_FAILED when it ends with a code that is none of `expected`, CANCELLED
 */
export async function runBuf(
  args: readonly string[],
  cwd: string,
  signal: AbortSignal | undefined,
  expected: readonly number[] = [0],
): Promise<{ readonly exitCode: number; readonly stdout: string }> {
  const { isCanceled, exitCode, stdout, stderr, shortMessage, cause } = await execa(
    findBufBinary(),
    args,
    {
      cwd,
      stdin: "ignore",
      reject: false,
      maxBuffer: 2 ** 28,
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    },
  );
  if (isCanceled) throw new CliError("CANCELLED", "ended before all was checked");
  if (exitCode !== undefined && expected.includes(exitCode)) return { exitCode, stdout };
  throw new CliError("TOOL_FAILED", `"buf ${args[0]}" failed`, {
    details: [stderr, stdout].filter((text) => text !== "").join("\n") || (shortMessage ?? ""),
    cause,
  });
}
