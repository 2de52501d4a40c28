/** Where a rule is broken. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** What every rule has: which files it is about, and the reason that is printed with a violation. */
interface RuleBase {
  readonly why: string;
  readonly files: readonly string[];
  /** Files that the rule spares. */
  readonly except?: readonly string[];
}

/** A group of files and the groups it may import. */
export interface Layer {
  readonly name: string;
  readonly files: readonly string[];
  readonly imports: readonly string[];
}

/** Every file belongs to the first layer that matches it, and imports only what that layer may. */
export interface LayersRule extends RuleBase {
  readonly kind: "layers";
  readonly layers: readonly Layer[];
}

/** Which specifiers may be imported. */
export interface ImportsRule extends RuleBase {
  readonly kind: "imports";
  /** Patterns; when given, nothing else may be imported. */
  readonly allow?: readonly string[];
  /** Patterns of specifiers; with `deep` of paths, too. */
  readonly forbid?: readonly string[];
  /** Also what is imported by what is imported, as far as it is loaded at once. */
  readonly deep?: boolean;
}

/** Names that must not be used: `process`, or `process.exit` for one of its members. */
export interface GlobalsRule extends RuleBase {
  readonly kind: "globals";
  readonly forbid: readonly string[];
}

/** String literals that must not be there: a program that only one folder may start. */
export interface StringsRule extends RuleBase {
  readonly kind: "strings";
  readonly forbid: RegExp;
}

/** File names. */
export interface NamesRule extends RuleBase {
  readonly kind: "names";
  readonly pattern: RegExp;
  readonly forbid: readonly string[];
}

/** Lines in a file. */
export interface SizeRule extends RuleBase {
  readonly kind: "size";
  readonly maxLines: number;
}

/**
 * Importing a module does nothing, and modules hold no state. A call that only makes a constant says so
 * with a PURE comment in front, as bundlers want it too.
 */
export interface TopLevelRule extends RuleBase {
  readonly kind: "topLevel";
  /** Calls that may stand in the initial value of a constant, since they only make it. */
  readonly pureCalls: readonly string[];
  /** Objects whose calls and chains of calls are pure. */
  readonly pureRoots: readonly string[];
}

/** No file imports itself by way of others, as far as it is loaded at once. */
export interface CyclesRule extends RuleBase {
  readonly kind: "cycles";
}

/** Relative imports stay in their package; others name declared dependencies, by public entries. */
export interface PackagesRule extends RuleBase {
  readonly kind: "packages";
  /** Prefix of this repository's own packages, whose entries are checked. */
  readonly ownScope: string;
}

export type Rule =
  | LayersRule
  | ImportsRule
  | GlobalsRule
  | StringsRule
  | NamesRule
  | SizeRule
  | TopLevelRule
  | CyclesRule
  | PackagesRule;
