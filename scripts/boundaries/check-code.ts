import type { Node } from "oxc-parser";
import type {
  GlobalsRule,
  NamesRule,
  SizeRule,
  StringsRule,
  TopLevelRule,
  Violation,
} from "./rule.ts";
import type { SourceFile } from "./source-file.ts";
import { walk } from "./source-file.ts";

export function checkGlobals(rule: GlobalsRule, file: SourceFile): Violation[] {
  const violations: Violation[] = [];
  walk(file.program, (node, ancestors) => {
    const parent = ancestors.at(-1);
    if (node.type !== "Identifier" || isOnlyAName(node, parent)) return;
    const names = [
      node.name,
      ...memberName(node, parent).map((member) => `${node.name}.${member}`),
    ];
    const found = names.find((name) => rule.forbid.includes(name));
    if (found === undefined) return;
    violations.push({
      path: file.path,
      line: file.lineAt(node.start),
      message: `must not use "${found}"`,
    });
  });
  return violations;
}

/** A property's or label's name reads like a variable, and is none. */
function isOnlyAName(node: Node, parent: Node | undefined): boolean {
  switch (parent?.type) {
    case "MemberExpression":
      return parent.property === node && !parent.computed;
    case "Property":
      return parent.key === node && !parent.computed && !parent.shorthand;
    case "MethodDefinition":
    case "PropertyDefinition":
    case "TSPropertySignature":
    case "TSMethodSignature":
    case "TSEnumMember":
      return true;
    case "TSQualifiedName":
      return parent.right === node;
    default:
      return false;
  }
}

function memberName(node: Node, parent: Node | undefined): string[] {
  if (parent?.type !== "MemberExpression" || parent.object !== node) return [];
  const { property } = parent;
  if (property.type === "Identifier" && !parent.computed) return [property.name];
  return property.type === "Literal" ? [String(property.value)] : [];
}

export function checkStrings(rule: StringsRule, file: SourceFile): Violation[] {
  const violations: Violation[] = [];
  walk(file.program, (node) => {
    if (node.type !== "Literal" || typeof node.value !== "string") return;
    if (!rule.forbid.test(node.value)) return;
    const message = `must not name "${node.value}"`;
    violations.push({ path: file.path, line: file.lineAt(node.start), message });
  });
  return violations;
}

export function checkNames(rule: NamesRule, file: SourceFile): Violation[] {
  const name = file.path.slice(file.path.lastIndexOf("/") + 1).replace(/\.[^.]*ts$/, "");
  const stem = name.replace(/\.(?:test|journey|interop|browser)$|(?:\.[a-z]+)*\.config$/, "");
  if (rule.forbid.includes(stem)) {
    return [{ path: file.path, line: 1, message: `"${stem}" says nothing, name the concept` }];
  }
  if (rule.pattern.test(stem)) return [];
  return [{ path: file.path, line: 1, message: `"${name}" must match ${rule.pattern.source}` }];
}

export function checkSize(rule: SizeRule, file: SourceFile): Violation[] {
  if (file.lines <= rule.maxLines) return [];
  const message = `has ${file.lines} lines, at most ${rule.maxLines}: take it apart`;
  return [{ path: file.path, line: rule.maxLines + 1, message }];
}

export function checkTopLevel(rule: TopLevelRule, file: SourceFile): Violation[] {
  if (file.program.type !== "Program") return [];
  const violations: Violation[] = [];
  const report = (node: Node, message: string): void => {
    violations.push({ path: file.path, line: file.lineAt(node.start), message });
  };
  for (const statement of file.program.body) {
    const inner = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (inner === null || isDeclarative(inner)) continue;
    if (inner.type !== "VariableDeclaration") {
      report(inner, `${inner.type} at the top level runs when the module is imported`);
      continue;
    }
    if (inner.kind === "let" || inner.kind === "var") {
      report(inner, `"${inner.kind}" at the top level is state of the module`);
    }
    for (const { init } of inner.declarations) {
      if (init !== null) findImpureCalls(init, rule, file, report);
    }
  }
  return violations;
}

function isDeclarative(node: Node): boolean {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSDeclareFunction":
      return true;
    default:
      return false;
  }
}

/** Calls and `new` that run at once: those inside functions do not count. */
function findImpureCalls(
  node: Node,
  { pureCalls, pureRoots }: TopLevelRule,
  { pureMarks }: SourceFile,
  report: (node: Node, message: string) => void,
): void {
  walk(node, (inner, ancestors) => {
    if (ancestors.some(isFunction)) return;
    if (inner.type === "AwaitExpression") report(inner, "awaits when the module is imported");
    if (inner.type !== "CallExpression" && inner.type !== "NewExpression") return;
    const name = calleeName(inner.callee);
    const last = name.slice(name.lastIndexOf("."));
    const isPure =
      pureCalls.includes(name) ||
      (last !== name && pureCalls.includes(last)) ||
      pureRoots.includes(rootName(inner.callee)) ||
      pureMarks.has(inner.start);
    if (isPure) return;
    report(
      inner,
      `calls "${name}" when the module is imported, mark it /* @__PURE__ */ if it only makes a constant`,
    );
  });
}

function isFunction(node: Node): boolean {
  return node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression";
}

/** `a.b.c` as written; only the last part where something else than names comes before. */
function calleeName(callee: Node): string {
  if (callee.type === "Identifier") return callee.name;
  if (callee.type !== "MemberExpression" || callee.computed) return "(computed)";
  const { object, property } = callee;
  const last = property.type === "Identifier" ? property.name : "(private)";
  const named = object.type === "Identifier" || object.type === "MemberExpression";
  return `${named ? calleeName(object) : ""}.${last}`;
}

/** The variable that a chain of calls and members begins with. */
function rootName(node: Node): string {
  if (node.type === "Identifier") return node.name;
  if (node.type === "MemberExpression") return rootName(node.object);
  return node.type === "CallExpression" ? rootName(node.callee) : "";
}
