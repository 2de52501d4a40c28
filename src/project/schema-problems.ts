import { z } from "zod";
import { nearestName } from "../nearest-name.ts";
import { type FileProblem, quote } from "./file-problem.ts";
import type { YamlDocument, YamlPath } from "./yaml-document.ts";

/**
 * Says what `schema` has against a document. The schema's own messages tell what would be right:
 * `true or false`.
 */
export function describeIssues(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodType,
  document: YamlDocument,
): FileProblem[] {
  const known = listKeys(schema);
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => describeUnknown(document, issue.path, key, known));
    }
    const name = issue.path.length === 0 ? "the file" : `"${toName(issue.path)}"`;
    const found = describeValue(valueAt(document.value, issue.path));
    return [document.problemAt(issue.path, `${name} must be ${issue.message}, not ${found}`)];
  });
}

/** All keys that `schema` knows, with those around them: `http.unboundMethods`. */
export function listKeys(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return listKeys(schema.unwrap() as z.ZodType);
  }
  if (!(schema instanceof z.ZodObject)) return [];
  const shape = schema.shape as Readonly<Record<string, z.ZodType>>;
  return Object.entries(shape).flatMap(([key, inner]) => [
    key,
    ...listKeys(inner).map((name) => `${key}.${name}`),
  ]);
}

function describeUnknown(
  document: YamlDocument,
  path: YamlPath,
  key: string,
  known: readonly string[],
): FileProblem {
  const around = path.length === 0 ? "" : `${toName(path)}.`;
  const siblings = known
    .filter((name) => name.startsWith(around))
    .map((name) => name.slice(around.length))
    .filter((name) => !name.includes("."));
  const hint =
    findMeant(key, siblings) ??
    // A key of another mapping than the one in which it stands.
    findMeant(key, known, (name) => name.slice(name.lastIndexOf(".") + 1));
  const rest =
    hint === undefined
      ? `here can stand ${siblings.map((name) => `"${name}"`).join(", ")}`
      : `did you mean "${hint}"?`;
  return document.problemAt([...path, key], `unknown key ${quote(around + key)}, ${rest}`);
}

/** The one of `names` that `key` resembles, by what `part` takes of each. */
function findMeant(
  key: string,
  names: readonly string[],
  part: (name: string) => string = (name) => name,
): string | undefined {
  const near = nearestName(fold(key), names.map(part).map(fold));
  return names.find((name) => fold(part(name)) === near);
}

/** `unbound_methods` and `unboundMethods` are one name for who searches. */
function fold(name: string): string {
  return name.replaceAll(/[_-]/g, "").toLowerCase();
}

function toName(path: YamlPath): string {
  return path
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${String(part)}`,
    )
    .join("");
}

function valueAt(value: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>(
    (inner, part) => (inner as Readonly<Record<PropertyKey, unknown>> | undefined)?.[part],
    value,
  );
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  return typeof value === "string" ? quote(value) : String(value);
}
