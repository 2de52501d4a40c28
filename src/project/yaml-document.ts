import { isMap, isScalar, isSeq, Lexer, parseDocument, Parser, visit } from "yaml";
import type { Document, Node } from "yaml";
import { type FileProblem, quote } from "./file-problem.ts";

/** Keys of mappings and indices of lists, from the top. */
export type YamlPath = readonly PropertyKey[];

/** A file of YAML as plain values that know where they stand. */
export interface YamlDocument {
  /** `null` where it holds comments only. */
  readonly value: unknown;
  /** The problem `message` of the key or list entry at `path`, or of the nearest that there is around it. */
  problemAt(path: YamlPath, message: string): FileProblem;
}

/** A document; or all that keeps the text from being one, never empty. */
export type ParsedYaml =
  | { readonly ok: true; readonly document: YamlDocument }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

/** How many lists and mappings may lie in each other, about. */
const maxDepth = 32;

/**
 * Parses YAML 1.2. Each key stands once, and aliases are refused: a value that stands somewhere else has two
 * places, and a few lines of them make gigabytes.
 */
export function parseYaml(text: string): ParsedYaml {
  const tooDeep = findTooDeep(text);
  if (tooDeep !== undefined) {
    const problem = problemIn(text, tooDeep, "lists or mappings lie too deep in each other here");
    return { ok: false, problems: [problem] };
  }
  // Warnings, too, become problems: on the console nobody would know what they are about.
  const document = parseDocument(text, { prettyErrors: false, logLevel: "error" });
  const problems = [...document.errors, ...document.warnings].map(({ code, message, pos }) =>
    problemIn(text, pos[0], plainMessage(code, message)),
  );
  visit(document, {
    Alias(_, alias) {
      const message = `alias ${quote(`*${alias.source}`)} is not read here, write out what it stands for`;
      problems.push(problemIn(text, startOf(alias) ?? 0, message));
    },
  });
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    document: {
      value: document.toJS(),
      problemAt: (path, message) => problemIn(text, findOffset(document, path), message),
    },
  };
}

/**
 * Where lists and mappings begin to lie too deep in each other. The parser calls itself for each of them, and
 * takes the process with it where the stack ends; the first half of its work does not.
 */
function findTooDeep(text: string): number | undefined {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    const { offset } = parser;
    Array.from(parser.next(lexeme));
    if (parser.stack.length > maxDepth) return offset;
  }
  return undefined;
}

function problemIn(text: string, offset: number, message: string): FileProblem {
  const lines = text.slice(0, offset).split("\n");
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1, message };
}

function findOffset(document: Document, path: YamlPath): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const part of path) {
    const pair = isMap(node)
      ? node.items.find(({ key }) => isScalar(key) && String(key.value) === part)
      : undefined;
    node = isSeq(node) ? node.items[Number(part)] : pair?.value;
    const start = startOf(pair?.key ?? node);
    if (start === undefined) break;
    offset = start;
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
      return "this key stands here a second time, remove one of the two";
    case "TAB_AS_INDENT":
      return "this line is indented with a tab, indent with spaces";
    case "MULTIPLE_DOCS":
      return 'a second document begins here, remove the "---"';
    default:
      return `not valid YAML: ${message.charAt(0).toLowerCase()}${cutOut(message.slice(1))}`;
  }
}

/** The parser's messages may end in text of the file. */
function cutOut(message: string): string {
  return message.replaceAll(/\p{Cc}/gu, "?").slice(0, 120);
}
