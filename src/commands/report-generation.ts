import { relative, resolve } from "node:path";
import { formatDiagnostic, hasErrors } from "../diagnostic.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { generateFiles } from "../generate/index.ts";
import type { GenerateOptions } from "../generate/index.ts";
import type { Shell } from "../shell.ts";

/** Generates and prints what came of it; returns the exit code. */
export async function generateAndReport(options: GenerateOptions, shell: Shell): Promise<number> {
  const result = await generateFiles({ ...options, signal: shell.signal });
  const show = (file: string): string => relative(shell.cwd, resolve(options.root, file));
  reportDiagnostics(result.diagnostics, shell);
  if (hasErrors(result.diagnostics)) return 1;
  for (const file of result.written) shell.out.line(`wrote ${show(file)}`);
  for (const file of result.orphaned) {
    shell.err.line(
      `${shell.err.colors.yellow("warning:")} "${show(file)}" was generated from a proto that is gone, remove it`,
    );
  }
  const { written, unchanged } = result;
  shell.out.line(`${count(written.length, "file")} written, ${unchanged.length} unchanged`);
  return 0;
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
