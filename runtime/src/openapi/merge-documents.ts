import { isDeepStrictEqual } from "node:util";
import {
  isObject,
  listIn,
  objectIn,
  setIn,
  type NamedDocument,
  type OpenApiDocument,
} from "./open-api-document.ts";
import { PathMerger } from "./merge-paths.ts";

/** The schema that every document has, with reasons of its own as examples. */
const errorSchema = "kratos-error";

/**
 * Makes one OpenAPI document of several, such as are generated of each proto. What documents share must be
 * the same in all; what one says of all its operations (`security`, `servers`) goes to these. Throws an
 * `Error` for two operations at one place, and for two things of one name.
 */
export function mergeOpenApi(documents: readonly NamedDocument[]): OpenApiDocument {
  const [first] = documents;
  if (first === undefined) throw new Error("there are no OpenAPI documents to be merged");
  if (documents.length === 1) return first.document;

  const serving = documents.filter(({ document }) => objectIn(document, "paths") !== undefined);
  const main = serving.length === 1 ? serving[0]! : first;
  const paths = new PathMerger();
  const components: OpenApiDocument = {};
  const lists = new Map<string, unknown[]>();
  for (const named of documents) {
    const { document } = named;
    paths.add(named, serving.length > 1);
    mergeComponents(components, named);
    for (const name of ["tags", "x-kratos-reasons", "x-kratos-unlisted"]) {
      lists.set(name, union(lists.get(name) ?? [], listIn(document, name)));
    }
  }
  const { tags = [], ...further } = Object.fromEntries(lists);
  const filled = Object.entries(further).filter(([, list]) => list.length > 0);
  const inherited = ["servers", "security", "externalDocs"].filter((name) => name in main.document);
  return {
    openapi: main.document["openapi"],
    info: main.document["info"],
    ...Object.fromEntries(
      inherited
        .filter((name) => serving.length === 1 || name === "externalDocs")
        .map((name) => [name, main.document[name]]),
    ),
    ...(tags.length > 0 && { tags: dropRepeated(tags) }),
    paths: paths.paths,
    components,
    ...Object.fromEntries(filled),
  };
}

function mergeComponents(components: OpenApiDocument, { name, document }: NamedDocument): void {
  for (const [kind, members] of Object.entries(objectIn(document, "components") ?? {})) {
    if (!isObject(members)) continue;
    let target = objectIn(components, kind);
    if (target === undefined) setIn(components, kind, (target = {}));
    for (const [key, value] of Object.entries(members)) {
      const earlier = Object.hasOwn(target, key) ? target[key] : undefined;
      if (earlier === undefined) setIn(target, key, value);
      else if (kind === "schemas" && key === errorSchema) {
        setIn(target, key, mergeErrors(earlier, value));
      } else if (!isDeepStrictEqual(earlier, value)) {
        throw new Error(
          `"${name}" has other ${kind} called "${key}" than a document before it, generate both anew`,
        );
      }
    }
  }
}

function mergeErrors(a: unknown, b: unknown): unknown {
  if (!isObject(a) || !isObject(b)) return a;
  const properties = objectIn(a, "properties") ?? {};
  const reason = objectIn(properties, "reason") ?? {};
  const other = objectIn(objectIn(b, "properties") ?? {}, "reason") ?? {};
  const examples = union(listIn(reason, "examples"), listIn(other, "examples"));
  if (examples.length === 0) return a;
  return { ...a, properties: { ...properties, reason: { ...reason, examples } } };
}

function union(a: readonly unknown[], b: readonly unknown[]): unknown[] {
  return [...a, ...b.filter((item) => !a.some((other) => isDeepStrictEqual(item, other)))];
}

/** Tags are known by their names. */
function dropRepeated(tags: readonly unknown[]): unknown[] {
  const seen = new Set<unknown>();
  return tags.filter((tag) => {
    const name = isObject(tag) ? tag["name"] : tag;
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}
