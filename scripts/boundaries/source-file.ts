import type { Node } from "oxc-parser";
import { parseSync, visitorKeys } from "oxc-parser";

/** One import, export … from, `import()` or type `import()` of a file. */
export interface ImportReference {
  /** As written: `./order.ts`, `node:fs`, `@scope/package/entry`. */
  readonly specifier: string;
  readonly line: number;
  /** Gone when types are erased. */
  readonly typeOnly: boolean;
  /** Loaded only when the code around it runs. */
  readonly dynamic: boolean;
}

/** A parsed file of the tree. */
export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly ImportReference[];
  /** The syntax tree, in ESTree form. */
  readonly program: Node;
  /** Whether a comment at the top says that a generator wrote it. */
  readonly generated: boolean;
  /** Where comments end that say that the call behind them is pure, white space included. */
  readonly pureMarks: ReadonlySet<number>;
  lineAt(offset: number): number;
}

/** Parses TypeScript or JavaScript. Throws when the syntax is wrong. */
export function parseSourceFile(path: string, text: string): SourceFile {
  const { program, module, comments, errors } = parseSync(path, text, { sourceType: "module" });
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`${path}: ${error.message}`);
  const lineAt = createLineCounter(text);

  const imports: ImportReference[] = [];
  for (const { moduleRequest, entries } of module.staticImports) {
    const typeOnly = entries.length > 0 && entries.every((entry) => entry.isType);
    const { value: specifier, start } = moduleRequest;
    imports.push({ specifier, line: lineAt(start), typeOnly, dynamic: false });
  }
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest, isType } of entries) {
      if (moduleRequest === null) continue;
      const { value: specifier, start } = moduleRequest;
      imports.push({ specifier, line: lineAt(start), typeOnly: isType, dynamic: false });
    }
  }
  walk(program, (node) => {
    const specifier = deferredSpecifier(node);
    if (specifier === undefined) return;
    const typeOnly = node.type === "TSImportType";
    imports.push({ specifier, line: lineAt(node.start), typeOnly, dynamic: true });
  });

  return {
    path,
    lines: lineAt(text.length) - (text.endsWith("\n") ? 1 : 0),
    imports,
    program,
    pureMarks: new Set(
      comments
        .filter(({ value }) => /^\s*[@#]__PURE__\s*$/.test(value))
        .map(({ end }) => end + (/^\s*/.exec(text.slice(end))?.[0].length ?? 0)),
    ),
    generated: /^(?:\/\/|\/\*).*@generated\b/m.test(text.slice(0, 2000)),
    lineAt,
  };
}

/** Calls `visit` for `node` and all below it, with the way that led there, nearest last. */
export function walk(
  node: Node,
  visit: (node: Node, ancestors: readonly Node[]) => void,
  ancestors: readonly Node[] = [],
): void {
  visit(node, ancestors);
  const path = [...ancestors, node];
  const children = node as unknown as Readonly<Record<string, unknown>>;
  for (const key of visitorKeys[node.type] ?? []) {
    for (const child of [children[key]].flat()) {
      if (typeof child === "object" && child !== null) walk(child as Node, visit, path);
    }
  }
}

/** What `import("…")` names, as an expression or as a type. */
function deferredSpecifier(node: Node): string | undefined {
  if (node.type !== "ImportExpression" && node.type !== "TSImportType") return undefined;
  const { source } = node;
  return source.type === "Literal" && typeof source.value === "string" ? source.value : undefined;
}

function createLineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    const next = starts.findIndex((start) => start > offset);
    return next < 0 ? starts.length : next;
  };
}
