import { MagicString } from "magic-string";
import { parseSync } from "oxc-parser";
import type { Comment, Program } from "oxc-parser";
import { CliError } from "../cli-error.ts";

/** A TypeScript file of the user's, changed by insertion only: every byte that was there stays. */
export interface TypescriptSource {
  readonly program: Program;
  /** In the order of the file. */
  readonly comments: readonly Comment[];
  /** Where its text begins: after a byte order mark and a line for the shell. */
  readonly start: number;
  /** The text as it was. */
  readonly original: string;
  /** The text with all insertions. */
  print(): string;
  insert(at: number, text: string): void;
  /** Ends the line that `at` is on. */
  readonly newline: string;
}

/** Throws SOURCE_INVALID with `file:line:column` when `text` is not TypeScript. */
export function parseTypescript(text: string, path: string): TypescriptSource {
  const { program, comments, errors } = parseSync(path, text, { lang: "ts", sourceType: "module" });
  const [error] = errors;
  if (error !== undefined) {
    const [label] = error.labels;
    const before = text.slice(0, label?.start ?? 0).split("\n");
    const position = `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    throw new CliError("SOURCE_INVALID", `${path}:${position}: ${error.message}`, {
      hint: "mend the file first; nothing was changed",
    });
  }
  const edited = new MagicString(text);
  return {
    program,
    comments,
    start: /^\uFEFF?(#!.*\r?\n)?/.exec(text)?.[0].length ?? 0,
    original: text,
    newline: prevailingNewline(text),
    print: () => edited.toString(),
    insert: (at, inserted) => void edited.appendLeft(at, inserted),
  };
}

/** What most lines of a file end in. */
function prevailingNewline(text: string): "\r\n" | "\n" {
  const all = text.match(/\n/g)?.length ?? 0;
  const windows = text.match(/\r\n/g)?.length ?? 0;
  return windows * 2 > all ? "\r\n" : "\n";
}

/** The white space that the line of `at` begins with. */
export function indentAt(text: string, at: number): string {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, at))?.[0] ?? "";
}

/** A name that an import makes known in a file. */
export interface ImportedName {
  readonly imported: string;
  readonly local: string;
  readonly from: string;
  /** There is no value of it. */
  readonly typeOnly: boolean;
}

/** Every name that `source` imports. */
export function listImports({ program }: TypescriptSource): ImportedName[] {
  return program.body.flatMap((statement) => {
    if (statement.type !== "ImportDeclaration") return [];
    return statement.specifiers.map((specifier) => {
      const local = specifier.local.name;
      const from = statement.source.value;
      const typeOnly = statement.importKind === "type";
      if (specifier.type === "ImportDefaultSpecifier") {
        return { imported: "default", local, from, typeOnly };
      }
      if (specifier.type !== "ImportSpecifier") return { imported: "*", local, from, typeOnly };
      const { imported } = specifier;
      return {
        imported: imported.type === "Literal" ? imported.value : imported.name,
        local,
        from,
        typeOnly: typeOnly || specifier.importKind === "type",
      };
    });
  });
}

/** The first of `names` that is not taken, else the last with a number. */
export function chooseName(names: readonly string[], taken: ReadonlySet<string>): string {
  const free = names.find((name) => !taken.has(name));
  if (free !== undefined) return free;
  const last = names.at(-1) ?? "";
  for (let i = 2; ; i++) if (!taken.has(`${last}${i}`)) return `${last}${i}`;
}

/** The classes, functions, types and variables that the file declares at its top level. */
export function listDeclarations({ program }: TypescriptSource): string[] {
  return program.body.flatMap((statement) => {
    const declaration =
      statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (declaration === null) return [];
    if (declaration.type === "VariableDeclaration") {
      return declaration.declarations.flatMap(({ id }) =>
        id.type === "Identifier" ? [id.name] : [],
      );
    }
    if (!("id" in declaration) || declaration.id?.type !== "Identifier") return [];
    return [declaration.id.name];
  });
}

/** `./a.ts` and `./a.js` mean the same file. */
export function stem(specifier: string): string {
  return specifier.replace(/\.[mc]?[jt]s$/, "");
}

/**
 * Inserts `texts` as the last items between the braces of a block, interface or object that spans `start` to
 * `end`. `items` are those inside already; `separator` comes between items and, over several lines, after each.
 */
export function appendItems(
  source: TypescriptSource,
  braces: { readonly start: number; readonly end: number },
  items: readonly { readonly end: number; readonly start: number }[],
  texts: readonly string[],
  separator: "" | ",",
): void {
  const { original, newline } = source;
  const last = items.at(-1);
  const close = braces.end - 1;
  const outer = indentAt(original, braces.start);
  if (last === undefined) {
    const indent = outer + (outer.startsWith("\t") ? "\t" : "  ");
    const lines = texts.map((text) => `${newline}${indent}${text}${separator}`);
    source.insert(braces.start + 1, lines.join(""));
    const inside = original.slice(braces.start + 1, close);
    if (!inside.includes("\n")) source.insert(close, newline + outer);
    return;
  }
  const rest = original.slice(last.end, close);
  if (!original.slice(braces.start, last.start).includes("\n")) {
    // All on one line: `{ a, b }`. A comma at its end stays there.
    source.insert(last.end, texts.map((text) => `${separator} ${text}`).join(""));
    return;
  }
  const blank = /^(\s|\/\/[^\n]*|\/\*[^]*?\*\/)*/.exec(rest)?.[0] ?? "";
  const has = separator === "" || rest.startsWith(separator, blank.length);
  // A comment at the end of the item's line belongs to the item.
  const lineEnd = last.end + (/^[^\r\n]*/.exec(rest)?.[0].length ?? 0);
  if (!has) source.insert(last.end, separator);
  const indent = indentAt(original, last.start);
  const lines = texts.map((text) => `${newline}${indent}${text}${separator}`);
  source.insert(lineEnd, lines.join(""));
}
