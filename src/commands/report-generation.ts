import { relative, resolve } from "node:path";
import { formatDiagnostic, hasErrors } from "../diagnostic.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { generateFiles } from "../generate/index.ts";
import type { GenerateOptions, GenerateResult } from "../generate/index.ts";
import type { Shell } from "../shell.ts";

/** Generates and prints what came of it; returns the exit code. */
export async function generateAndReport(options: GenerateOptions, shell: Shell): Promise<number> {
  const result = await generateFiles({ ...options, signal: shell.signal });
  reportDiagnostics(result.diagnostics, shell);
  if (hasErrors(result.diagnostics)) return 1;
  reportFiles(result, options.root, shell);
  return 0;
}

/** Prints what was done with which files, then how many there are. */
export function reportFiles(result: GenerateResult, root: string, shell: Shell): void {
  const show = (file: string): string => relative(shell.cwd, resolve(root, file));
  const { written, unchanged, kept, removed, orphaned } = result;
  for (const file of kept) shell.out.line(`kept what was edited by hand as ${show(file)}`);
  for (const file of written) shell.out.line(`wrote ${show(file)}`);
  for (const file of removed) shell.out.line(`removed ${show(file)}, its proto is gone`);
  for (const file of orphaned) {
    shell.err.line(
      `${shell.err.colors.yellow("warning:")} "${show(file)}" was generated from a proto that is gone, remove it`,
    );
  }
  const gone = removed.length > 0 ? `, ${removed.length} removed` : "";
  shell.out.line(`${count(written.length, "file")} written, ${unchanged.length} unchanged${gone}`);
}

/** Prints all problems, then how many there are. */
export function reportDiagnostics(diagnostics: readonly Diagnostic[], shell: Shell): void {
  if (diagnostics.length === 0) return;
  const { colors, line } = shell.err;
  for (const diagnostic of diagnostics) {
    const { severity } = diagnostic;
    const label = severity === "error" ? colors.red("error:") : colors.yellow("warning:");
    line(formatDiagnostic(diagnostic).replace(`${severity}:`, () => label));
  }
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  const warnings = diagnostics.length - errors;
  const counts = [
    ...(errors > 0 ? [`${count(errors, "error")}, nothing was written`] : []),
    ...(warnings > 0 ? [count(warnings, "warning")] : []),
  ];
  line(counts.join("; "));
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}
