/** A problem in the user's proto files. All problems of a run are collected and reported together. */
export interface Diagnostic {
  /** Errors stop generation; warnings only tell. */
  readonly severity: "error" | "warning";
  /** The file as the user sees it: relative to the project, with the module root, separated by `/`. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
  /** Lower case, names the thing in quotes, no full stop. */
  readonly message: string;
  /** What to do about it, where that is not plain from the message. */
  readonly hint?: string;
}

/** `api/order/v1/order.proto:12:3: error: …`, the hint indented on a line of its own. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { severity, file, line, column, message, hint } = diagnostic;
  const text = `${file}:${line}:${column}: ${severity}: ${message}`;
  return hint === undefined ? text : `${text}\n  ${hint}`;
}

/** Whether one of `diagnostics` stops generation. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}

/** In the order of a reader: by file, line and column; equal ones once. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const unique = new Map(
    diagnostics.map((diagnostic) => [formatDiagnostic(diagnostic), diagnostic]),
  );
  return [...unique.values()].sort(
    (a, b) =>
      compareText(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compareText(a.message, b.message),
  );
}

function compareText(a: string, b: string): number {
  // Not localeCompare: the order must not depend on the machine.
  return a < b ? -1 : a > b ? 1 : 0;
}
