import { foldName } from "../errors/closest-name.ts";
import type { ConfigPath } from "./config-source.ts";

/**
 * `over` on top of `base`, as a new tree: mappings are merged key by key, anything else, lists too, is
 * replaced. A `null` replaces as well.
 */
export function mergeTrees(
  base: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const earlier = merged.get(key);
    merged.set(key, isTree(earlier) && isTree(value) ? mergeTrees(earlier, value) : copyOf(value));
  }
  return Object.fromEntries(merged); // defines keys, so that "__proto__" is one like any other
}

/** Whether `value` is a mapping. */
export function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What stands at `path`; `undefined` when nothing does. */
export function valueAt(tree: unknown, path: ConfigPath): unknown {
  let value = tree;
  for (const segment of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment))
      return undefined;
    value = (value as Record<string | number, unknown>)[segment];
  }
  return value;
}

/** A copy of `tree` without what stands at `paths`. */
export function withoutPaths(
  tree: Readonly<Record<string, unknown>>,
  paths: readonly ConfigPath[],
): Record<string, unknown> {
  const restsByKey = new Map<string, ConfigPath[]>();
  for (const [first, ...rest] of paths) {
    const key = String(first);
    const rests = restsByKey.get(key);
    if (rests === undefined) restsByKey.set(key, [rest]);
    else rests.push(rest);
  }
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]) => {
      const rests = restsByKey.get(key);
      if (rests === undefined) return [[key, value]];
      if (!isTree(value) || rests.some(({ length }) => length === 0)) return [];
      return [[key, withoutPaths(value, rests)]];
    }),
  );
}

/**
 * `key` as it is spelled among `keys`. Schemas may name in camel case what files spell in snake case, so
 * that one without an equal is compared without case, underscores and hyphens.
 */
export function nearKey(key: string, keys: readonly string[]): string | undefined {
  if (keys.includes(key)) return key;
  const wanted = foldName(key);
  return keys.find((candidate) => foldName(candidate) === wanted);
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  return isTree(value) ? mergeTrees({}, value) : value;
}
