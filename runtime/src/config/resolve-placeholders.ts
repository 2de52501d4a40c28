import type { ConfigPath } from "./config-source.ts";
import { isTree, valueAt } from "./config-tree.ts";

/** A placeholder that has no value. */
export interface PlaceholderProblem {
  readonly path: ConfigPath;
  readonly message: string;
}

/** A tree without placeholders, but for those that there is a problem with. */
export interface ResolvedTree {
  readonly tree: Record<string, unknown>;
  readonly problems: readonly PlaceholderProblem[];
}

/**
 * Replaces `${key}` and `${key:default}` in every text of the tree. `key` is looked up as a dotted path in
 * the tree, then as a name in `environment`; the default may hold placeholders itself. What a placeholder
 * refers to is resolved first, so that order does not matter. A text that is one placeholder and nothing
 * else takes over the value with its type; inside other text only scalars can stand.
 * Braces in a default have to be in pairs.
 * A key that is nowhere and has no default is a problem, and so is one that leads back to itself.
 */
export function resolvePlaceholders(
  tree: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): ResolvedTree {
  const problems: PlaceholderProblem[] = [];
  // What several placeholders refer to is resolved once: otherwise the work doubles with each step.
  const resolved = new Map<string, unknown>();

  function resolveOrReport(text: string, path: ConfigPath): unknown {
    try {
      return resolveText(text, []);
    } catch (error) {
      problems.push({ path, message: messageOf(error) });
      return text;
    }
  }

  // `open` are the keys whose values are being resolved, outermost first.
  function resolveText(text: string, open: readonly string[]): unknown {
    const parts = splitPlaceholders(text);
    const [first] = parts;
    if (parts.length === 1 && first?.kind === "placeholder") return lookUp(first.text, open);
    return parts
      .map((part) => {
        if (part.kind === "text") return part.text;
        const value = lookUp(part.text, open);
        if (typeof value !== "object" || value === null) return String(value);
        throw new Unresolvable(
          `"\${${part.text}}" is not a single value, and cannot stand in text`,
        );
      })
      .join("");
  }

  function lookUp(content: string, open: readonly string[]): unknown {
    const colon = content.indexOf(":");
    const key = (colon < 0 ? content : content.slice(0, colon)).trim();
    if (open.includes(key)) {
      throw new Unresolvable(`"\${${key}}" leads back to itself: ${[...open, key].join(" → ")}`);
    }
    if (resolved.has(key)) return resolved.get(key);
    if (open.length >= maxSteps) {
      throw new Unresolvable(`"\${${key}}" is more than ${maxSteps} placeholders away`);
    }
    const inTree = valueAt(tree, key.split("."));
    if (inTree !== undefined && inTree !== null) {
      const value = mapTexts(inTree, [], (text) => resolveText(text, [...open, key]));
      resolved.set(key, value);
      return value;
    }
    // Not what all objects inherit, such as "constructor".
    const inEnvironment = Object.hasOwn(environment, key) ? environment[key] : undefined;
    if (inEnvironment !== undefined) return inEnvironment;
    if (colon >= 0) return resolveText(content.slice(colon + 1).trim(), open);
    throw new Unresolvable(
      `"\${${key}}" has no value, set the environment variable "${key}" or give a default as in "\${${key}:value}"`,
    );
  }

  return { tree: mapTexts(tree, [], resolveOrReport) as Record<string, unknown>, problems };
}

/** A copy of `value`, which stands at `path`, with what `replace` makes of each text in it. */
function mapTexts(
  value: unknown,
  path: ConfigPath,
  replace: (text: string, path: ConfigPath) => unknown,
): unknown {
  if (typeof value === "string") return replace(value, path);
  if (Array.isArray(value)) return value.map((item, i) => mapTexts(item, [...path, i], replace));
  if (!isTree(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, mapTexts(inner, [...path, key], replace)]),
  );
}

/** How many keys may lead from one to the next. */
const maxSteps = 100;

class Unresolvable extends Error {}

/** Throws what is no fault of the configuration. */
function messageOf(error: unknown): string {
  if (error instanceof Unresolvable) return error.message;
  // The stack, or the longest text that there can be, is used up.
  if (error instanceof RangeError) return "placeholders are nested too deep here";
  throw error;
}

interface Part {
  readonly kind: "text" | "placeholder";
  /** Of a placeholder, what stands between the braces. */
  readonly text: string;
}

/** Text without a closing brace for its `${` is text. */
function splitPlaceholders(text: string): Part[] {
  const parts: Part[] = [];
  let done = 0;
  for (let start = text.indexOf("${"); start >= 0; start = text.indexOf("${", done)) {
    const end = findClosingBrace(text, start + 2);
    if (end < 0) break;
    if (start > done) parts.push({ kind: "text", text: text.slice(done, start) });
    parts.push({ kind: "placeholder", text: text.slice(start + 2, end) });
    done = end + 1;
  }
  if (done < text.length || parts.length === 0)
    parts.push({ kind: "text", text: text.slice(done) });
  return parts;
}

function findClosingBrace(text: string, start: number): number {
  let depth = 1;
  for (let i = start; i < text.length; i++) {
    if (text[i] === "{") depth++;
    else if (text[i] === "}" && --depth === 0) return i;
  }
  return -1;
}
