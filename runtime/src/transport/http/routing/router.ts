import { excerpt } from "../binding-error.ts";
import { parsePathTemplate, printPathTemplate } from "./path-template.ts";
import type { PathSegment, PathTemplate } from "./path-template.ts";

/** Two operations serve the same method and the same paths. */
export class RouteConflictError extends Error {
  override readonly name = "RouteConflictError";
  /** The operations, in order of registration. */
  readonly operations: readonly [string, string];

  constructor(method: string, first: RouteOwner, second: RouteOwner) {
    const same = first.operation === second.operation && first.path === second.path;
    super(
      same
        ? `"${first.operation}" is registered twice for ${method} ${first.path}`
        : `"${first.operation}" (${method} ${first.path}) and "${second.operation}" (${method} ${second.path}) match the same requests, give one of them another path`,
    );
    this.operations = [first.operation, second.operation];
  }
}

/** Who serves a route. */
export interface RouteOwner {
  readonly operation: string;
  /** The template, as written. */
  readonly path: string;
}

/** What a request was matched with. */
export interface RouteMatch<T> {
  readonly target: T;
  /** The path's segments as they came, percent escapes included; without the verb. */
  readonly segments: readonly string[];
}

/** A path that no URL should have; answered with 400. */
export class MalformedPathError extends Error {
  override readonly name = "MalformedPathError";
}

/** Settings of a {@link Router}. */
export interface RouterOptions {
  /** Whether `/v1/items/` is another path than `/v1/items`. Default: false, they are the same. */
  readonly strictSlash?: boolean;
}

/**
 * Finds who serves a request. Routes live in a trie: a verb (`:cancel`) that a route names wins over a
 * variable that would swallow it; then, segment by segment, a literal wins over `*`, and `*` over `**`.
 * When a choice leads nowhere, or to other methods, the next one is tried. The order of registration
 * never matters.
 */
export class Router<T> {
  readonly #root = new TrieNode<T>();
  /** Routes without wildcards and variables, by their path as written: no need to walk the trie for these. */
  readonly #literal = new Map<string, MethodTable<T>>();
  readonly #verbs = new Set<string>();
  readonly #strictSlash: boolean;

  constructor(options: RouterOptions = {}) {
    this.#strictSlash = options.strictSlash ?? false;
  }

  /**
   * Adds a route. `method` is in upper case, or `*` for any. Throws {@link RouteConflictError}, and
   * `PathTemplateError` when `path` is no template.
   */
  add(method: string, path: string, operation: string, target: T): PathTemplate {
    const template = parsePathTemplate(path);
    const segments = template.segments.flatMap(flatten);
    const deep = segments.at(-1)?.kind === "deep-wildcard";

    let node = this.#root;
    for (const segment of deep ? segments.slice(0, -1) : segments) {
      node =
        segment.kind === "literal"
          ? node.literalChild(decodeURIComponent(segment.text))
          : node.wildcardChild();
    }
    const verb = template.verb === undefined ? "" : decodeURIComponent(template.verb);
    if (verb !== "") this.#verbs.add(verb);

    const table = (deep ? node.deepEnds : node.ends).get(verb) ?? new Map<string, Entry<T>>();
    (deep ? node.deepEnds : node.ends).set(verb, table);
    const entry = { operation, path, target };
    const present = table.get(method);
    if (present !== undefined) throw new RouteConflictError(method, present, entry);
    table.set(method, entry);
    // A variable needs the path's segments, also where its pattern is a literal.
    if (template.segments.every(({ kind }) => kind === "literal")) {
      this.#literal.set(printPathTemplate(template), table);
    }
    return template;
  }

  /**
   * Finds the route for a path without its query. HEAD is served by GET where no route names it.
   * Throws {@link MalformedPathError}.
   */
  find(method: string, path: string): RouteMatch<T> | undefined {
    const literal = this.#literal.get(path);
    if (literal !== undefined) {
      const entry = pick(literal, method);
      if (entry !== undefined) return { target: entry.target, segments: [] };
    }
    return this.#walk(path, method, undefined);
  }

  /**
   * The methods that some route serves at this path, those of the most specific first, with HEAD after GET.
   * Empty: the path leads nowhere. Throws {@link MalformedPathError}.
   */
  allowedMethods(path: string): readonly string[] {
    const methods = new Set<string>();
    this.#walk(path, "", methods);
    if (!methods.has("GET") || methods.has("HEAD")) return [...methods];
    return [...methods].flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  }

  /** With `methods`, goes everywhere and collects them. */
  #walk(path: string, method: string, methods: Set<string> | undefined): RouteMatch<T> | undefined {
    const split = this.#splitPath(path);
    if (split === undefined) return undefined;
    const { raw, decoded, trailingSlash } = split;
    const last = raw.at(-1);
    const colon = last === undefined || trailingSlash ? -1 : last.lastIndexOf(":");
    if (colon > 0) {
      const verb = decodeURIComponent(last!.slice(colon + 1));
      if (this.#verbs.has(verb)) {
        const head = last!.slice(0, colon);
        const segments = [...raw.slice(0, -1), head];
        const texts = [...decoded.slice(0, -1), decodeURIComponent(head)];
        const entry = descend(this.#root, 0, texts, verb, method, methods);
        if (entry !== undefined) return { target: entry.target, segments };
      }
    }
    const entry = descend(this.#root, 0, decoded, "", method, methods);
    return entry && { target: entry.target, segments: raw };
  }

  /** Undefined for paths that never match anything. */
  #splitPath(path: string): SplitPath | undefined {
    if (!path.startsWith("/")) return undefined;
    const raw: string[] = [];
    for (let start = 1; start <= path.length;) {
      let end = path.indexOf("/", start);
      if (end < 0) end = path.length;
      raw.push(path.slice(start, end));
      start = end + 1;
    }
    const trailingSlash = raw.length > 1 && raw[raw.length - 1] === "";
    if (raw[raw.length - 1] === "") raw.pop();
    if (trailingSlash && this.#strictSlash) return undefined;
    const decoded = path.includes("%") ? raw.map(decodeSegment) : raw;
    for (const segment of decoded) {
      if (segment.length > 2) continue;
      if (segment === "") return undefined;
      if (segment === "." || segment === "..") {
        throw new MalformedPathError(`the path must not hold the step "${segment}"`);
      }
    }
    return { raw, decoded, trailingSlash };
  }
}

interface SplitPath {
  readonly raw: readonly string[];
  readonly decoded: readonly string[];
  readonly trailingSlash: boolean;
}

interface Entry<T> extends RouteOwner {
  readonly target: T;
}

/** By method. */
type MethodTable<T> = Map<string, Entry<T>>;

class TrieNode<T> {
  readonly literals = new Map<string, TrieNode<T>>();
  wildcard: TrieNode<T> | undefined;
  /** Routes that end here, by verb ("": none). */
  readonly ends = new Map<string, MethodTable<T>>();
  /** Routes that end in `**` here, by verb. */
  readonly deepEnds = new Map<string, MethodTable<T>>();

  literalChild(text: string): TrieNode<T> {
    let child = this.literals.get(text);
    if (child === undefined) this.literals.set(text, (child = new TrieNode()));
    return child;
  }

  wildcardChild(): TrieNode<T> {
    return (this.wildcard ??= new TrieNode());
  }
}

/** Finds the most specific route from `node` on. */
function descend<T>(
  node: TrieNode<T>,
  index: number,
  path: readonly string[],
  verb: string,
  method: string,
  methods: Set<string> | undefined,
): Entry<T> | undefined {
  let entry: Entry<T> | undefined;
  if (index === path.length) {
    entry = pickOrCollect(node.ends.get(verb), method, methods);
  } else {
    const literal = node.literals.get(path[index]!);
    if (literal !== undefined) entry = descend(literal, index + 1, path, verb, method, methods);
    if (entry === undefined && node.wildcard !== undefined) {
      entry = descend(node.wildcard, index + 1, path, verb, method, methods);
    }
  }
  return entry ?? pickOrCollect(node.deepEnds.get(verb), method, methods);
}

function pickOrCollect<T>(
  table: MethodTable<T> | undefined,
  method: string,
  methods: Set<string> | undefined,
): Entry<T> | undefined {
  if (table === undefined) return undefined;
  if (methods === undefined) return pick(table, method);
  for (const each of table.keys()) methods.add(each);
  return undefined;
}

function pick<T>(table: MethodTable<T>, method: string): Entry<T> | undefined {
  return table.get(method) ?? (method === "HEAD" ? table.get("GET") : undefined) ?? table.get("*");
}

function flatten(segment: PathSegment): readonly Exclude<PathSegment, { kind: "variable" }>[] {
  return segment.kind === "variable" ? segment.pattern : [segment];
}

function decodeSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new MalformedPathError(
      `the path segment ${excerpt(segment)} is not percent-encoded UTF-8`,
    );
  }
}
