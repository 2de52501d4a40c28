import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Visitor } from "oxc-parser";
import type { Class, ClassElement } from "oxc-parser";
import type { Drafts } from "./drafts.ts";
import { listImports, parseTypescript, stem } from "./typescript-source.ts";
import type { TypescriptSource } from "./typescript-source.ts";

/** A class of a file. */
export interface FoundClass {
  /** `undefined`: it has no name, as in `export default class {}`. */
  readonly name: string | undefined;
  readonly node: Class;
}

/** Every class that a file declares, also `const Orders = class {…}`. */
export function listClasses(source: TypescriptSource): FoundClass[] {
  const found: FoundClass[] = [];
  new Visitor({
    ClassDeclaration(node) {
      found.push({ name: node.id?.name, node });
    },
    VariableDeclarator({ id, init }) {
      if (init?.type === "ClassExpression" && id.type === "Identifier") {
        found.push({ name: id.name, node: init });
      }
    },
  }).visit(source.program);
  return found;
}

/**
 * The classes of a file that implement an interface called `names` of one of `modules` (absolute, without what
 * comes after the dot), also by way of `Pick<…>` and the like.
 */
export function findImplementations(
  source: TypescriptSource,
  path: string,
  names: readonly string[],
  modules: readonly string[],
): FoundClass[] {
  const locals = listImports(source).flatMap(({ imported, local, from }) => {
    if (!modules.includes(stem(resolve(dirname(path), from)))) return [];
    if (imported === "*") return names.map((name) => `${local}.${name}`);
    return names.includes(imported) ? [local] : [];
  });
  return listClasses(source).filter(({ node }) =>
    (node.implements ?? []).some(({ start, end }) => {
      const words = source.original.slice(start, end).match(/[\p{ID_Continue}$.]+/gu) ?? [];
      return words.some((word) => locals.includes(word));
    }),
  );
}

/** What a class has, by name; of a method with overloads the last. */
export interface ClassMembers {
  readonly own: ReadonlyMap<string, ClassElement>;
  /** What it has from classes above it. */
  readonly inherited: ReadonlySet<string>;
  /** A class above it that is not to be seen from here, as it is written: then `inherited` is not all of it. */
  readonly unseen: string | undefined;
}

/** Reads the members that objects of a class have for everybody. Throws SOURCE_INVALID. */
export async function readMembers(
  source: TypescriptSource,
  path: string,
  { node }: FoundClass,
  drafts: Drafts,
): Promise<ClassMembers> {
  const own = new Map<string, ClassElement>();
  for (const member of node.body.body) {
    const name = nameMember(member);
    if (name !== undefined) own.set(name, member);
    for (const each of listParameterProperties(member)) own.set(each, member);
  }
  const inherited = new Set<string>();
  const { superClass } = node;
  if (superClass === null) return { own, inherited, unseen: undefined };
  const base =
    superClass.type === "Identifier"
      ? await findClass(source, path, superClass.name, drafts)
      : undefined;
  // A class that extends itself is wrong, and would keep us here.
  if (base === undefined || base.found.node === node) {
    const unseen = source.original.slice(superClass.start, superClass.end);
    return { own, inherited, unseen };
  }
  const above = await readMembers(base.source, base.path, base.found, drafts);
  for (const name of [...above.own.keys(), ...above.inherited]) inherited.add(name);
  return { own, inherited, unseen: above.unseen };
}

/** The class called `name` in a file: one of its own, or one that it imports from a file of the project. */
async function findClass(
  source: TypescriptSource,
  path: string,
  name: string,
  drafts: Drafts,
): Promise<{ source: TypescriptSource; path: string; found: FoundClass } | undefined> {
  const found = listClasses(source).find((each) => each.name === name);
  if (found !== undefined) return { source, path, found };
  const imported = listImports(source).find(({ local }) => local === name);
  if (imported === undefined || !imported.from.startsWith(".")) return undefined;
  const file = ["", ".ts"]
    .map((suffix) => resolve(dirname(path), imported.from.replace(/\.js$/, ".ts")) + suffix)
    .find((candidate) => candidate.endsWith(".ts") && existsSync(candidate));
  const text = file === undefined ? undefined : await drafts.read(file);
  if (file === undefined || text === undefined) return undefined;
  const other = parseTypescript(text, file);
  const base = listClasses(other).find((each) => each.name === imported.imported);
  return base && { source: other, path: file, found: base };
}

/** The name of a member, unless it is private, static or worked out at run time. */
export function nameMember(member: ClassElement): string | undefined {
  if (!("key" in member)) return undefined;
  if ("static" in member && member.static) return undefined;
  if (member.type === "MethodDefinition" && member.kind === "constructor") return undefined;
  const { key } = member;
  if (key.type === "Literal") return typeof key.value === "string" ? key.value : undefined;
  return key.type === "Identifier" && !member.computed ? key.name : undefined;
}

/** `constructor(readonly order: Order)` declares a property. */
function listParameterProperties(member: ClassElement): string[] {
  if (member.type !== "MethodDefinition" || member.kind !== "constructor") return [];
  return member.value.params.flatMap((parameter) =>
    parameter.type === "TSParameterProperty" && parameter.parameter.type === "Identifier"
      ? [parameter.parameter.name]
      : [],
  );
}
