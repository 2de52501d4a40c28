import { Visitor } from "oxc-parser";
import type { ImportDeclaration } from "oxc-parser";
import type { Imports } from "./import-list.ts";
import { readStyle } from "./source-style.ts";
import {
  appendItems,
  chooseName,
  listDeclarations,
  listImports,
  stem,
} from "./typescript-source.ts";
import type { TypescriptSource } from "./typescript-source.ts";

/** What to import: `import { name } from "from"`, with `type` when only the type is needed. */
export interface WantedImport {
  readonly name: string;
  /** The name to use when `name` stands for something else in the file already. */
  readonly otherwise: string;
  readonly from: string;
  readonly type: boolean;
}

/** Imports the wanted, unless it is there; returns the local name. */
export function addImport(source: TypescriptSource, wanted: WantedImport): string {
  const imports = new SourceImports(source);
  const local = imports.take(wanted);
  imports.insert();
  return local;
}

/** Imports of a file of the user's: what it has is used, what it lacks is added by {@link SourceImports.insert}. */
export class SourceImports implements Imports {
  readonly #source: TypescriptSource;
  readonly #taken: Set<string>;
  readonly #wanted: { readonly wanted: WantedImport; readonly local: string }[] = [];

  constructor(source: TypescriptSource) {
    this.#source = source;
    this.#taken = new Set([
      ...listImports(source).map(({ local }) => local),
      ...listDeclarations(source),
      ...listGlobals(source),
      // What printed methods use of the language.
      "AsyncGenerator",
      "AsyncIterable",
      "Promise",
    ]);
  }

  add(name: string, module: string, typeOnly: boolean): string {
    return this.take({ name, otherwise: `${name}1`, from: module, type: typeOnly });
  }

  /** Returns the local name of what is wanted. */
  take(wanted: WantedImport): string {
    const present = listImports(this.#source).find(
      (each) =>
        each.imported === wanted.name &&
        stem(each.from) === stem(wanted.from) &&
        (wanted.type || !each.typeOnly),
    );
    if (present !== undefined) return present.local;
    const waiting = this.#wanted.find(
      (each) =>
        each.wanted.name === wanted.name &&
        each.wanted.from === wanted.from &&
        (wanted.type || !each.wanted.type),
    );
    if (waiting !== undefined) return waiting.local;
    const local = chooseName([wanted.name, wanted.otherwise], this.#taken);
    this.#taken.add(local);
    this.#wanted.push({ wanted, local });
    return local;
  }

  /** Puts what was taken and is not there into the file: beside its like, else on a line after the last import. */
  insert(): void {
    const source = this.#source;
    const lines = new Map<string, string[]>();
    const present = new Map<ImportDeclaration, string[]>();
    for (const { wanted, local } of this.#wanted) {
      const specifier = local === wanted.name ? local : `${wanted.name} as ${local}`;
      const place = findPlace(source, wanted);
      if (place === undefined) {
        const head = `import ${wanted.type ? "type " : ""}|${wanted.from}`;
        lines.set(head, [...(lines.get(head) ?? []), specifier]);
      } else {
        const text = wanted.type && place.importKind !== "type" ? `type ${specifier}` : specifier;
        present.set(place, [...(present.get(place) ?? []), text]);
      }
    }
    for (const [{ start, source: module, specifiers }, texts] of present) {
      const braces = {
        start: source.original.indexOf("{", start),
        end: source.original.lastIndexOf("}", module.start) + 1,
      };
      const items = specifiers.filter(({ type }) => type === "ImportSpecifier");
      appendItems(source, braces, items, texts, ",");
    }
    this.#insertLines(lines);
    this.#wanted.length = 0;
  }

  #insertLines(lines: ReadonlyMap<string, readonly string[]>): void {
    const source = this.#source;
    const { singleQuote = false, semi = true } = readStyle(source);
    const last = source.program.body.findLast(({ type }) => type === "ImportDeclaration");
    for (const [head, names] of lines) {
      const [start = "", from = ""] = head.split("|");
      const quote = singleQuote ? "'" : '"';
      const line = `${start}{ ${names.toSorted().join(", ")} } from ${quote}${from}${quote}${semi ? ";" : ""}`;
      if (last === undefined) source.insert(source.start, line + source.newline);
      else source.insert(last.end, source.newline + line);
    }
  }
}

/** An import of the same module that can take the name up. */
function findPlace(
  { program }: TypescriptSource,
  { from, type }: WantedImport,
): ImportDeclaration | undefined {
  const places = program.body.filter(
    (statement) =>
      statement.type === "ImportDeclaration" &&
      stem(statement.source.value) === stem(from) &&
      statement.specifiers.some((specifier) => specifier.type === "ImportSpecifier") &&
      (type || statement.importKind !== "type"),
  ) as ImportDeclaration[];
  return places.find(({ importKind }) => (importKind === "type") === type) ?? places[0];
}

/** Types and classes that the file uses; one that it does not import or declare is the language's or the host's. */
function listGlobals(source: TypescriptSource): string[] {
  const names: string[] = [];
  new Visitor({
    TSTypeReference({ typeName }) {
      if (typeName.type === "Identifier") names.push(typeName.name);
    },
    NewExpression({ callee }) {
      if (callee.type === "Identifier") names.push(callee.name);
    },
  }).visit(source.program);
  return names;
}
