import { checkGlobals, checkNames, checkSize, checkStrings, checkTopLevel } from "./check-code.ts";
import { checkCycles, checkImports, checkLayers, checkPackages } from "./check-imports.ts";
import { matchesAny } from "./glob.ts";
import type { Rule, Violation } from "./rule.ts";
import type { SourceFile } from "./source-file.ts";
import type { SourceTree } from "./source-tree.ts";

/** A violation together with the reason of the rule that it breaks. */
export interface Finding extends Violation {
  readonly why: string;
}

/** Every violation of every rule, by path and line. */
export function checkTree(rules: readonly Rule[], tree: SourceTree): Finding[] {
  const findings = rules.flatMap((rule) =>
    checkRule(rule, tree).map((violation) => ({ ...violation, why: rule.why })),
  );
  return findings.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
}

function checkRule(rule: Rule, tree: SourceTree): Violation[] {
  if (rule.kind === "cycles") return checkCycles(rule, tree);
  const files = Array.from(tree.files.values()).filter(
    ({ path }) => matchesAny(path, rule.files) && !matchesAny(path, rule.except ?? []),
  );
  return files.flatMap((file) => checkFile(rule, file, tree));
}

function checkFile(
  rule: Exclude<Rule, { kind: "cycles" }>,
  file: SourceFile,
  tree: SourceTree,
): Violation[] {
  switch (rule.kind) {
    case "layers":
      return checkLayers(rule, file, tree);
    case "imports":
      return checkImports(rule, file, tree);
    case "packages":
      return checkPackages(rule, file, tree);
    case "globals":
      return checkGlobals(rule, file);
    case "strings":
      return checkStrings(rule, file);
    case "names":
      return checkNames(rule, file);
    case "size":
      return checkSize(rule, file);
    case "topLevel":
      return checkTopLevel(rule, file);
  }
}
