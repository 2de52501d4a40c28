import { MagicString } from "magic-string";
import { parseSync, Visitor } from "oxc-parser";
import type { Class, Program } from "oxc-parser";
import { CliError } from "../cli-error.ts";

/** A TypeScript file of the user's, changed by insertion only: every byte that was there stays. */
export interface TypescriptSource {
  readonly program: Program;
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
  const { program, errors } = parseSync(path, text, { lang: "ts", sourceType: "module" });
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
    original: text,
    newline: text.includes("\r\n") ? "\r\n" : "\n",
    print: () => edited.toString(),
    insert: (at, inserted) => void edited.appendLeft(at, inserted),
  };
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
}

/** Every name that `source` imports. */
export function listImports({ program }: TypescriptSource): ImportedName[] {
  return program.body.flatMap((statement) => {
    if (statement.type !== "ImportDeclaration") return [];
    return statement.specifiers.map((specifier) => {
      const local = specifier.local.name;
      const from = statement.source.value;
      if (specifier.type !== "ImportSpecifier") return { imported: "*", local, from };
      const { imported } = specifier;
      return {
        imported: imported.type === "Literal" ? imported.value : imported.name,
        local,
        from,
      };
    });
  });
}

/** What to import: `import { name } from "from"`, with `type` when only the type is needed. */
export interface WantedImport {
  readonly name: string;
  /** The name to use when `name` stands for something else in the file already. */
  readonly otherwise: string;
  readonly from: string;
  readonly type: boolean;
}

/** The first of `names` that is not taken, else the last with a number. */
export function chooseName(names: readonly string[], taken: ReadonlySet<string>): string {
  const free = names.find((name) => !taken.has(name));
  if (free !== undefined) return free;
  const last = names.at(-1) ?? "";
  for (let i = 2; ; i++) if (!taken.has(`${last}${i}`)) return `${last}${i}`;
}

/** The classes, functions, types and variables that the file declares at its top level. */
function listDeclarations({ program }: TypescriptSource): string[] {
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

/** The name of the class that implements one of `interfaces`, by their local names. */
export function findImplementation(
  source: TypescriptSource,
  interfaces: readonly string[],
): string | undefined {
  let found: string | undefined;
  new Visitor({
    ClassDeclaration({ id, implements: implemented }) {
      const matches = (implemented ?? []).some(
        ({ expression }) =>
          expression.type === "Identifier" && interfaces.includes(expression.name),
      );
      if (matches && id !== null) found ??= id.name;
    },
  }).visit(source.program);
  return found;
}

/** Adds an import after the last one, unless it is there; returns the local name. */
export function addImport(source: TypescriptSource, wanted: WantedImport): string {
  const imports = listImports(source);
  const present = imports.find(
    ({ imported, from }) => imported === wanted.name && stem(from) === stem(wanted.from),
  );
  if (present !== undefined) return present.local;
  const taken = new Set([...imports.map(({ local }) => local), ...listDeclarations(source)]);
  const local = chooseName([wanted.name, wanted.otherwise], taken);
  const specifier = local === wanted.name ? local : `${wanted.name} as ${local}`;
  const line = `import ${wanted.type ? "type " : ""}{ ${specifier} } from "${wanted.from}";`;
  const last = source.program.body.findLast(({ type }) => type === "ImportDeclaration");
  if (last === undefined) source.insert(0, line + source.newline);
  else source.insert(last.end, source.newline + line);
  return local;
}

/** The names of what classes of `source` declare; `undefined` when one of them inherits from another class. */
export function listMembers(source: TypescriptSource): string[] | undefined {
  const names: string[] = [];
  let inherits = false;
  const read = ({ superClass, body }: Class): void => {
    inherits ||= superClass !== null;
    for (const member of body.body) {
      if ("key" in member && member.key.type === "Identifier") names.push(member.key.name);
      if ("key" in member && member.key.type === "Literal") names.push(String(member.key.value));
    }
  };
  new Visitor({ ClassDeclaration: read, ClassExpression: read }).visit(source.program);
  return inherits ? undefined : names;
}

/** `./a.ts` and `./a.js` mean the same file. */
export function stem(specifier: string): string {
  return specifier.replace(/\.[mc]?[jt]s$/, "");
}

/**
 * Inserts `text` as the last item between the braces of a block, interface or object that spans `start` to
 * `end`. `items` are those inside already; `separator` comes between items and, over several lines, after each.
 */
export function appendItem(
  source: TypescriptSource,
  braces: { readonly start: number; readonly end: number },
  items: readonly { readonly end: number; readonly start: number }[],
  text: string,
  separator: "" | ",",
): void {
  const { original, newline } = source;
  const last = items.at(-1);
  const close = braces.end - 1;
  const outer = indentAt(original, braces.start);
  if (last === undefined) {
    source.insert(braces.start + 1, `${newline}${outer}  ${text}${separator}`);
    const inside = original.slice(braces.start + 1, close);
    if (!inside.includes("\n")) source.insert(close, newline + outer);
    return;
  }
  const rest = original.slice(last.end, close);
  if (!original.slice(braces.start, last.start).includes("\n")) {
    // All on one line: `{ a, b }`.
    const has = separator === "" || rest.includes(separator);
    source.insert(last.end, `${has ? "" : separator} ${text}`);
    return;
  }
  const has = separator === "" || rest.trimStart().startsWith(separator);
  // A comment at the end of the item's line belongs to the item.
  const lineEnd = last.end + (/^[^\r\n]*/.exec(rest)?.[0].length ?? 0);
  if (!has) source.insert(last.end, separator);
  source.insert(lineEnd, `${newline}${indentAt(original, last.start)}${text}${separator}`);
}
