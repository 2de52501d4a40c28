import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { isObject, type NamedDocument } from "./open-api-document.ts";

const generated = "_openapi.yaml";

/**
 * Reads the OpenAPI documents at `paths`: files, and folders with all `*_openapi.yaml` that lie below them,
 * in the order of their names. Throws an `Error` that names the path when there is none, or one that cannot
 * be read.
 */
export function readOpenApi(paths: readonly string[]): readonly NamedDocument[] {
  return paths.flatMap((path) => {
    const files = findDocuments(path);
    if (files.length === 0) {
      throw new Error(
        `no OpenAPI documents in "${path}", generate them: kratos-ts proto client, or deploy them beside the service`,
      );
    }
    return files.map(readDocument);
  });
}

function findDocuments(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(generated) && !/(?:^|[\\/])node_modules[\\/]/.test(name))
    .map((name) => join(path, name))
    .sort();
}

function readDocument(file: string): NamedDocument {
  let document: unknown;
  try {
    document = parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new Error(`"${file}" is no OpenAPI document that can be read`, { cause });
  }
  if (!isObject(document) || typeof document["openapi"] !== "string") {
    throw new Error(`"${file}" is no OpenAPI document, it must have a member "openapi"`);
  }
  return { name: file, document };
}
