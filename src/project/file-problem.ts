import { basename } from "node:path";
import { CliError } from "../cli-error.ts";

/** Something wrong in a file of the project's set-up, where it is. Line and column count from 1. */
export interface FileProblem {
  readonly line: number;
  readonly column: number;
  /** Lower case, names the thing in quotes, no full stop. */
  readonly message: string;
}

/** How much of a text from a file a message shows, in characters. */
const shownLength = 40;

/** How many problems are shown. Who has more has another program's file. */
const shownProblems = 20;

/** A text from a file as a message shows it: not too much of it, and nothing that a terminal would act on. */
export function quote(text: string): string {
  return JSON.stringify(text.length > shownLength ? `${text.slice(0, shownLength)}…` : text);
}

/** The error CONFIG_INVALID that tells of `problems`, in the order of their lines. `path` is absolute. */
export function toConfigError(path: string, problems: readonly FileProblem[]): CliError {
  const lines = problems
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .slice(0, shownProblems)
    .map(({ line, column, message }) => `${basename(path)}:${line}:${column}: ${message}`);
  const more = problems.length - lines.length;
  return new CliError("CONFIG_INVALID", `"${path}" cannot be used`, {
    details: [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"),
  });
}
