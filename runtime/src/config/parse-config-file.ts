import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import type { Document, Node } from "yaml";
import { textOf } from "../errors/text-of.ts";
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
  const fail: Fail = (message, offset, cause) => {
    const position = offset === undefined ? { file } : positionOf(offset);
    throw new ConfigError([{ ...position, path: "", message }], { cause });
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

  const value = format === "json" ? parseJson(text, fail) : toPlain(document, fail);
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

/** Gives up, at an offset where that is known. */
type Fail = (message: string, offset: number | undefined, cause?: unknown) => never;

// What is YAML need not be JSON: comments, bare words, trailing commas.
function parseJson(text: string, fail: Fail): unknown {
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = textOf(cause);
    const [, reason = message, offset] =
      /^(.*?)(?: in JSON)? at position (\d+)/.exec(message) ?? [];
    return fail(
      `not valid JSON: ${reason}`,
      offset === undefined ? undefined : Number(offset),
      cause,
    );
  }
}

function toPlain(document: Document, fail: Fail): unknown {
  let value: unknown;
  try {
    value = document.toJS();
  } catch (cause) {
    const { message } = cause as Error;
    const fault = findFault(document);
    // Otherwise there are so many aliases that the file is an attack.
    const reason = fault?.message ?? message.charAt(0).toLowerCase() + message.slice(1);
    return fail(`not valid YAML: ${reason}`, fault?.offset, cause);
  }
  if (holdsItself(value, [])) fail("an alias stands inside its own anchor", undefined);
  return value;
}

/** What only shows when a document becomes values: an alias without its anchor, a merge of what is no mapping. */
function findFault(
  document: Document,
): { message: string; offset: number | undefined } | undefined {
  let fault: ReturnType<typeof findFault>;
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return undefined;
      const message = `"*${alias.source}" has no anchor "&${alias.source}" before it`;
      fault = { message, offset: startOf(alias) };
      return visit.BREAK;
    },
    Pair(_, { key, value }) {
      // The parser turns the key into a symbol.
      if (!isScalar(key) || typeof key.value !== "symbol") return undefined;
      const target = isAlias(value) ? value.resolve(document) : value;
      if (target === undefined || isMap(target) || isSeq(target)) return undefined;
      fault = { message: '"<<" takes a mapping, or a list of them', offset: startOf(key) };
      return visit.BREAK;
    },
  });
  return fault;
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
      return /call stack/.test(message)
        ? "it is nested too deep"
        : message.charAt(0).toLowerCase() + message.slice(1);
  }
}
