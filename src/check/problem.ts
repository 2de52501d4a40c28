/** A part of `kratos-ts check`. */
export type CheckPart = "generated" | "lint" | "format" | "breaking";

/** Something that a check found. */
export interface CheckProblem {
  readonly part: CheckPart;
  /**
   * What kind it is: `missing`, `stale`, `edited`, `orphaned` or `untracked` of generated code, `proto` for what
   * generation refuses or warns of, `format`, or the name of a rule of buf.
   */
  readonly rule: string;
  /** Warnings only tell. */
  readonly severity: "error" | "warning";
  /** Relative to the project's root, separated by `/`. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
  /** Lower case but for what buf says, no full stop. */
  readonly message: string;
  readonly hint?: string;
  /** What would mend it, as a unified diff. */
  readonly diff?: string;
  /** Whether `--fix` mends it. */
  readonly fixable: boolean;
}

/** A part that was not checked, and why. */
export interface CheckNote {
  readonly part: CheckPart;
  readonly message: string;
}

/** What one part has to say. */
export interface PartResult {
  readonly problems: readonly CheckProblem[];
  readonly notes: readonly CheckNote[];
}
