import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document, Node } from "yaml";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { nearKey } from "./config-tree.ts";
import type { ConfigDocument, ConfigPath, ConfigPosition } from "./config-source.ts";

/**
 * Reads YAML or JSON, and remembers where everything stands. An empty file has no keys.
 * Throws a {@link ConfigError} with all syntax errors, and when the top level is no mapping.
 */
export function parseConfigFile(
  file: string,
  text: string,
  format: "yaml" | "json",
): ConfigDocument {
  const lines = new LineCounter();
  const positionOf = (offset: number): ConfigPosition => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  // JSON is YAML, so that one parser tells positions of both.
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    logLevel: "error",
  });
  const problems: ConfigProblem[] = document.errors.map((error) => ({
    ...positionOf(error.pos[0]),
    path: "",
    message: `not valid ${format.toUpperCase()}: ${plainMessage(error.code, error.message)}`,
  }));
  if (problems.length > 0) throw new ConfigError(problems);

  const value = format === "json" ? parseJson(file, text) : toPlain(file, document);
  if (value === null || value === undefined)
    return { name: file, value: {}, locate: () => undefined };
  if (typeof value !== "object" || Array.isArray(value)) {
    const found = Array.isArray(value) ? "a list" : `the ${typeof value} ${JSON.stringify(value)}`;
    throw new ConfigError([
      { file, path: "", message: `expected a mapping of keys to values, got ${found}` },
    ]);
  }
  return {
    name: file,
    value: value as Record<string, unknown>,
    locate(path) {
      const offset = findOffset(document, path);
      return offset === undefined ? undefined : positionOf(offset);
    },
  };
}

// What is YAML need not be JSON: comments, bare words, trailing commas.
function parseJson(file: string, text: string): unknown {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new ConfigError([{ file, path: "", message }], { cause });
  }
}

function toPlain(file: string, document: Document): unknown {
  let value: unknown;
  try {
    value = document.toJS();
  } catch (cause) {
    // An alias without its anchor, or so many that the file is an attack.
    const message = `not valid YAML: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new ConfigError([{ file, path: "", message }], { cause });
  }
  if (holdsItself(value, [])) {
    throw new ConfigError([{ file, path: "", message: "an alias stands inside its own anchor" }]);
  }
  return value;
}

function holdsItself(value: unknown, around: readonly unknown[]): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (around.includes(value)) return true;
  return Object.values(value).some((inner) => holdsItself(inner, [...around, value]));
}

/** Where the key of the last segment begins, or the entry of a list. */
function findOffset(document: Document, path: ConfigPath): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const segment of path) {
    const target: unknown = isAlias(node) ? node.resolve(document) : node;
    if (isMap(target)) {
      const keys = target.items.map(({ key }) => (isScalar(key) ? String(key.value) : ""));
      const near = nearKey(String(segment), keys);
      const pair = near === undefined ? undefined : target.items[keys.indexOf(near)];
      offset = startOf(pair?.key);
      node = pair?.value;
    } else if (isSeq(target)) {
      node = target.items[Number(segment)];
      offset = startOf(node);
    } else return undefined;
    if (offset === undefined) return undefined;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

// The parser's own text where that helps somebody who has only the file before them.
function plainMessage(code: string, message: string): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return "the key stands here a second time";
    case "TAB_AS_INDENT":
      return "indent with spaces, not tabs";
    case "MULTIPLE_DOCS":
      return 'a second document begins here, use one file for each and no "---" in between';
    default:
      return message.charAt(0).toLowerCase() + message.slice(1);
  }
}
