import { relative, resolve } from "node:path";
import { describe, type CheckNote, type CheckProblem, type CheckResult } from "../check/index.ts";
import type { Shell, Sink } from "../shell.ts";

/** What `kratos-ts check --json` prints. docs/check.md explains it. */
export interface CheckDocument {
  /** Grows when something in it changes its meaning; not when something is added. */
  readonly version: 1;
  /** Whether there is no error among the problems. */
  readonly ok: boolean;
  /** What breaking changes were told against; null where a note says why not. */
  readonly against: { readonly name: string; readonly commit: string } | null;
  /** What `--fix` has changed. */
  readonly fixed: readonly string[];
  readonly problems: readonly CheckProblem[];
  readonly notes: readonly CheckNote[];
}

/** Makes the {@link CheckDocument} of a result. */
export function toCheckDocument(result: CheckResult, fixed: readonly string[]): CheckDocument {
  const { problems, notes, base } = result;
  const ok = !problems.some(({ severity }) => severity === "error");
  return { version: 1, ok, against: base ?? null, fixed, problems, notes };
}

/** More lines of a diff than this tell a reader nothing that the files do not. */
const maxDiffLines = 200;
/** The same for files that come or go as a whole. */
const maxWholeFileLines = 12;

/** Prints a result for people: each problem with its diff, then how many there are. */
export function printCheck(
  { problems, notes, base }: CheckResult,
  fixed: readonly string[],
  root: string,
  shell: Shell,
): void {
  const { out, err } = shell;
  const show = (file: string): string => relative(shell.cwd, resolve(root, file)) || ".";
  for (const file of fixed) out.line(`fixed ${show(file)}`);
  for (const problem of problems) printProblem(problem, show(problem.file), out);
  for (const { part, message } of notes) {
    err.line(`${err.colors.yellow("note:")} ${part} ${message}`);
  }
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length === 0) {
    const against = base === undefined ? "" : `, nothing broken since ${describe(base)}`;
    out.line(`all is well${against}`);
    return;
  }
  const parts = (["generated", "lint", "format", "breaking"] as const).flatMap((part) => {
    const count = errors.filter((problem) => problem.part === part).length;
    return count === 0 ? [] : [`${part} ${count}`];
  });
  out.line(`${errors.length} problem${errors.length === 1 ? "" : "s"}: ${parts.join(", ")}`);
  if (errors.some(({ fixable }) => fixable)) {
    err.line(`${err.colors.cyan("hint:")} run \`kratos-ts check --fix\``);
  }
}

function printProblem(problem: CheckProblem, file: string, { line, colors }: Sink): void {
  const { part, rule, severity, message, hint, diff } = problem;
  const color = severity === "error" ? colors.red : colors.yellow;
  const place = part === "generated" && rule !== "proto" ? file : placeOf(problem, file);
  const name = part === rule ? part : `${part} ${rule}`;
  line(`${place}: ${color(`${severity}:`)} ${message} ${colors.dim(`(${name})`)}`);
  if (hint !== undefined) line(`  ${hint}`);
  if (diff === undefined) return;
  const lines = diff.trimEnd().split("\n");
  const max = rule === "missing" || rule === "orphaned" ? maxWholeFileLines : maxDiffLines;
  for (const text of lines.slice(0, max)) line(paint(text, colors));
  if (lines.length > max) line(colors.dim(`… ${lines.length - max} more lines`));
}

function placeOf({ part, line, column }: CheckProblem, file: string): string {
  return part === "format" ? file : `${file}:${line}:${column}`;
}

function paint(text: string, colors: Sink["colors"]): string {
  if (text.startsWith("+")) return colors.green(text);
  if (text.startsWith("-")) return colors.red(text);
  return text.startsWith("@@") ? colors.cyan(text) : text;
}

/**
 * Prints problems so that GitHub shows them beside the lines of a pull request. Its runner reads both outputs; the
 * result's own is left to people and to `--json`.
 */
export function annotateProblems({ problems }: CheckResult, root: string, shell: Shell): void {
  const workspace = shell.env["GITHUB_WORKSPACE"] ?? root;
  for (const { severity, file, line, column, part, rule, message, hint } of problems) {
    const path = relative(workspace, resolve(root, file)).replaceAll("\\", "/");
    const title = part === rule ? part : `${part} ${rule}`;
    const properties = Object.entries({ file: path, line, col: column, title })
      .map(([name, value]) => `${name}=${escapeData(String(value)).replace(/[:,]/g, encode)}`)
      .join(",");
    const text = hint === undefined ? message : `${message}\n${hint}`;
    shell.err.line(`::${severity} ${properties}::${escapeData(text)}`);
  }
}

/** As the runner of GitHub Actions wants data of its commands. */
function escapeData(text: string): string {
  return text.replace(/[%\r\n]/g, encode);
}

function encode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
