import type { ConfigPath } from "./config-source.ts";
import { nearKey, valueAt } from "./config-tree.ts";
import { findKnownKeys } from "./known-keys.ts";
import { closestName } from "../errors/closest-name.ts";
import type { StandardIssue, StandardSchema } from "./standard-schema.ts";

/** What a schema has against the tree, at one place. */
export interface SchemaProblem {
  /** Spelled as in the tree. */
  readonly path: ConfigPath;
  readonly message: string;
  readonly unknownKey: boolean;
}

/** Says what an issue means to somebody who has only the files before them. */
export function describeIssue(
  issue: StandardIssue,
  tree: unknown,
  schema: StandardSchema<unknown>,
): SchemaProblem[] {
  const schemaPath = (issue.path ?? []).map((segment) =>
    toSegment(typeof segment === "object" ? segment.key : segment),
  );
  const path = spelledPath(tree, schemaPath);
  const unknownKeys = keysOf(issue);
  if (unknownKeys === undefined) {
    const message = plainMessage(issue.message, valueAt(tree, path) === undefined);
    return [{ path, message, unknownKey: false }];
  }
  return unknownKeys.map((key) => {
    // zod's own issues name the mapping; those of generated schemas name the key, and have their hint.
    if (valueAt(tree, [...path, key]) === undefined) {
      return { path, message: issue.message, unknownKey: true };
    }
    const known = findKnownKeys(schema, schemaPath);
    return { path: [...path, key], message: `unknown key${hintFor(key, known)}`, unknownKey: true };
  });
}

function hintFor(key: string, known: readonly string[]): string {
  const near = closestName(key, known);
  if (near !== undefined) return `, did you mean "${near}"?`;
  return known.length === 0 ? "" : `, expected one of ${known.map((k) => `"${k}"`).join(", ")}`;
}

function toSegment(key: PropertyKey): string | number {
  return typeof key === "symbol" ? String(key) : key;
}

/** `path` in the tree's spelling, as far as the tree goes. */
function spelledPath(tree: unknown, path: ConfigPath): ConfigPath {
  const spelled: (string | number)[] = [];
  for (const segment of path) {
    const parent = valueAt(tree, spelled);
    const keys = typeof parent === "object" && parent !== null ? Object.keys(parent) : [];
    const near = Array.isArray(parent) ? segment : nearKey(String(segment), keys);
    spelled.push(near ?? segment);
  }
  return spelled;
}

// zod: { code: "unrecognized_keys", keys: ["adrr"] }
function keysOf(issue: StandardIssue): readonly string[] | undefined {
  if (!("code" in issue) || issue.code !== "unrecognized_keys") return undefined;
  if (!("keys" in issue) || !Array.isArray(issue.keys)) return undefined;
  return issue.keys.map(String);
}

// "Invalid input: expected number, received string" → "expected number, received string"
function plainMessage(message: string, missing: boolean): string {
  const text = message.replace(/^Invalid input: /, "");
  const plain = text.charAt(0).toLowerCase() + text.slice(1);
  return missing ? plain.replace(/^(expected .*), received undefined$/, "is missing, $1") : plain;
}
