import { isObject, objectIn, setIn } from "./open-api-document.ts";
import type { NamedDocument, OpenApiDocument } from "./open-api-document.ts";

/** What an operation may say for itself, and a document for all of its own. */
const inherited = ["security", "servers"];

/** Members of a path that are no operations. */
const shared = new Set(["$ref", "summary", "description", "servers", "parameters"]);

/** Puts the paths of several documents together. */
export class PathMerger {
  readonly paths: OpenApiDocument = {};
  /** By shape, the path that was there first: OpenAPI takes no other names for the same places. */
  readonly #shapes = new Map<string, string>();

  /** Adds the paths of a document; with `several`, what it says of all operations goes to its own. */
  add({ name, document }: NamedDocument, several: boolean): void {
    for (const [path, item] of Object.entries(objectIn(document, "paths") ?? {})) {
      if (!isObject(item)) continue;
      const shape = path.replaceAll(/\{[^}]*\}/g, "{}");
      const known = this.#shapes.get(shape);
      if (known === undefined) this.#shapes.set(shape, path);
      const target = this.#find(known ?? path);
      for (const [key, value] of Object.entries(item)) {
        if (Object.hasOwn(target, key)) {
          throw new Error(`"${name}" has another "${key}" of "${path}" than a document before it`);
        }
        const operation = shared.has(key) || !isObject(value) ? value : { ...value };
        if (several && isObject(operation) && !shared.has(key)) inherit(operation, document);
        setIn(target, key, known === undefined ? operation : rename(operation, path, known));
      }
    }
  }

  #find(path: string): OpenApiDocument {
    let item = objectIn(this.paths, path);
    if (item === undefined) setIn(this.paths, path, (item = {}));
    return item;
  }
}

function inherit(operation: OpenApiDocument, document: OpenApiDocument): void {
  for (const name of inherited) {
    if (name in document && !(name in operation)) operation[name] = document[name];
  }
}

/** Gives the parameters of an operation at `from` the names that they have in `to`. */
function rename(operation: unknown, from: string, to: string): unknown {
  if (from === to || !isObject(operation) || !Array.isArray(operation["parameters"])) {
    return operation;
  }
  const names = new Map(namesIn(from).map((name, index) => [name, namesIn(to)[index]]));
  const parameters = (operation["parameters"] as unknown[]).map((parameter) => {
    if (!isObject(parameter) || parameter["in"] !== "path") return parameter;
    return { ...parameter, name: names.get(String(parameter["name"])) ?? parameter["name"] };
  });
  return { ...operation, parameters };
}

function namesIn(path: string): string[] {
  return [...path.matchAll(/\{([^}]*)\}/g)].map(([, name = ""]) => name);
}
