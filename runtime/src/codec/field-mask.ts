import { CodecError, mismatch } from "./codec-error.ts";
import { quote } from "./json-text.ts";

/** The paths of a field mask as JSON text: `"userId,book.title"`. */
export function fieldMaskToJson(paths: unknown): string {
  if (!Array.isArray(paths)) throw mismatch("a list of paths", paths);
  return quote(paths.map(toCamelCase).join(","));
}

/** Reads `"userId,book.title"`. */
export function fieldMaskFromJson(json: unknown): string[] {
  if (typeof json !== "string") throw mismatch("a field mask such as userId,book.title", json);
  if (json === "") return [];
  if (json.includes("_")) throw mismatch("a field mask in lowerCamelCase", json);
  return json.split(",").map(toSnakeCase);
}

function toCamelCase(path: unknown): string {
  if (typeof path !== "string") throw mismatch("a path", path);
  const camel = path.replace(/_+([^_]?)/g, (_, next: string) => next.toUpperCase());
  if (toSnakeCase(camel) !== path) {
    throw new CodecError(`expected a path in lower_snake_case, got "${path}"`);
  }
  return camel;
}

function toSnakeCase(path: string): string {
  return path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
