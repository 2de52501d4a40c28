import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Node } from "oxc-parser";
import { parseSync } from "oxc-parser";
import { format } from "prettier";

/** An entry of a package: how it is imported, and the declaration file behind it. */
export interface ApiEntry {
  readonly specifier: string;
  readonly declarations: string;
}

interface Declaration {
  readonly name: string;
  /** Without comments. */
  readonly text: string;
  /** Where it is declared, so that one that several entries export is printed once. */
  readonly origin: string;
}

/**
 * The public API of a package as Markdown: what each entry exports, without comments, by name. Generated
 * from declaration files, so that every change of a signature shows in review.
 */
export async function printApi(title: string, entries: readonly ApiEntry[]): Promise<string> {
  const parts = [`# ${title}`];
  const homes = new Map<string, string>();
  for (const { specifier, declarations } of entries) {
    const exported = collectExports(resolve(declarations));
    const names = Array.from(exported.keys()).toSorted();
    const texts: string[] = [];
    const elsewhere = new Map<string, string[]>();
    for (const name of names) {
      for (const { origin, text } of exported.get(name) ?? []) {
        const key = `${origin}#${name}`;
        const home = homes.get(key) ?? specifier;
        homes.set(key, home);
        if (home === specifier) texts.push(text);
        else elsewhere.set(home, [...new Set([...(elsewhere.get(home) ?? []), name])]);
      }
    }
    parts.push(`## \`${specifier}\``);
    for (const [home, again] of elsewhere) {
      parts.push(`From \`${home}\`: ${again.map((name) => `\`${name}\``).join(", ")}`);
    }
    if (texts.length > 0) parts.push(`\`\`\`ts\n${texts.join("\n")}\n\`\`\``);
  }
  return format(parts.join("\n\n"), { parser: "markdown", printWidth: 100 });
}

/** Everything that the file exports, by name; overloads and merged declarations share one. */
function collectExports(path: string): Map<string, Declaration[]> {
  const text = readFileSync(path, "utf8");
  const { program, comments, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`${path}: ${error.message}`);
  const found = new Map<string, Declaration[]>();
  const locals = new Map<string, Declaration[]>();
  const imported = new Map<string, { path: string; name: string }>();
  const add = (name: string, declarations: readonly Declaration[]): void => {
    found.set(name, [...(found.get(name) ?? []), ...declarations]);
  };
  const declare = (node: Node, isExported: boolean): void => {
    for (const name of declaredNames(node)) {
      const bare = withoutComments(text, node, comments).replace(/^export /, "");
      const declaration = { name, text: `export ${bare}`, origin: path };
      locals.set(name, [...(locals.get(name) ?? []), declaration]);
      if (isExported) add(name, [declaration]);
    }
  };

  for (const statement of program.body) {
    if (statement.type === "ImportDeclaration") {
      for (const specifier of statement.specifiers) {
        if (specifier.type !== "ImportSpecifier") continue;
        const source = declarationsAt(path, statement.source.value);
        const name = exportName(specifier.imported);
        if (source !== undefined) imported.set(specifier.local.name, { path: source, name });
      }
    } else if (statement.type === "ExportAllDeclaration") {
      const source = declarationsAt(path, statement.source.value);
      if (source === undefined) continue;
      for (const [name, declarations] of collectExports(source)) add(name, declarations);
    } else if (statement.type !== "ExportNamedDeclaration") {
      declare(statement, false);
    } else if (statement.declaration !== null) {
      declare(statement.declaration, true);
    }
  }
  for (const statement of program.body) {
    if (statement.type !== "ExportNamedDeclaration" || statement.declaration !== null) continue;
    for (const specifier of statement.specifiers) {
      const local = exportName(specifier.local);
      const source = statement.source?.value;
      const from =
        source === undefined
          ? imported.get(local)
          : { path: declarationsAt(path, source) ?? "", name: local };
      const declarations =
        from === undefined ? locals.get(local) : collectExports(from.path).get(from.name);
      if (declarations === undefined) throw new Error(`${path}: "${local}" is not declared`);
      add(exportName(specifier.exported), declarations);
    }
  }
  return found;
}

function exportName(node: { name: string } | { value: string }): string {
  return "name" in node ? node.name : node.value;
}

function declaredNames(node: Node): string[] {
  switch (node.type) {
    case "VariableDeclaration":
      return node.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.name] : []));
    case "FunctionDeclaration":
    case "TSDeclareFunction":
    case "ClassDeclaration":
      return node.id === null ? [] : [node.id.name];
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSEnumDeclaration":
      return [node.id.name];
    default:
      return [];
  }
}

/** The declaration file behind a relative import; `undefined` for packages. */
function declarationsAt(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return join(dirname(from), specifier.replace(/\.[cm]?[jt]s$/, ".d.ts"));
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function withoutComments(text: string, node: Span, comments: readonly Span[]): string {
  let result = "";
  let at = node.start;
  for (const { start, end } of comments) {
    if (start < at || end > node.end) continue;
    result += text.slice(at, start);
    at = end;
  }
  result += text.slice(at, node.end);
  return result.replaceAll(/\n\s*(?=\n)/g, "");
}
