import { expect, test } from "vitest";
import { mergeOpenApi, type OpenApiDocument } from "@kratos-ts/runtime/openapi";

function merge(...documents: OpenApiDocument[]): OpenApiDocument {
  return mergeOpenApi(documents.map((document, index) => ({ name: `${index}.yaml`, document })));
}

const operation = (...names: string[]) => ({
  parameters: names.map((name) => ({ name, in: "path" })),
});

test("puts paths, components, tags and reasons together", () => {
  const merged = merge(
    {
      openapi: "3.1.1",
      info: { title: "A", version: "v1" },
      tags: [{ name: "a" }],
      paths: { "/a": { get: {} } },
      components: { schemas: { A: {}, S: { type: "object" } } },
    },
    {
      openapi: "3.1.1",
      info: { title: "errors", version: "v1" },
      components: { schemas: { S: { type: "object" } } },
      "x-kratos-reasons": [{ reason: "R" }],
    },
  );

  expect(merged).toEqual({
    openapi: "3.1.1",
    info: { title: "A", version: "v1" },
    tags: [{ name: "a" }],
    paths: { "/a": { get: {} } },
    components: { schemas: { A: {}, S: { type: "object" } } },
    "x-kratos-reasons": [{ reason: "R" }],
  });
});

test("gives paths of one shape one name", () => {
  const { paths } = merge(
    { paths: { "/a/{id}/b/{n}": { get: operation("id", "n") } } },
    { paths: { "/a/{name}/b/{id}": { post: operation("name", "id") } } },
  );

  expect(paths).toEqual({
    "/a/{id}/b/{n}": { get: operation("id", "n"), post: operation("id", "n") },
  });
});

test("leaves what one document says of its operations to these", () => {
  const { paths, security, servers } = merge(
    { paths: { "/a": { get: {}, put: { security: [] } } }, security: [{ token: [] }] },
    { paths: { "/b": { get: {} } }, servers: [{ url: "https://b" }] },
  );

  expect([security, servers]).toEqual([undefined, undefined]);
  expect(paths).toEqual({
    "/a": { get: { security: [{ token: [] }] }, put: { security: [] } },
    "/b": { get: { servers: [{ url: "https://b" }] } },
  });
});

test("collects the reasons of all documents as examples of the one error", () => {
  const error = (...examples: string[]) => ({
    components: {
      schemas: { "kratos-error": { properties: { reason: { type: "string", examples } } } },
    },
  });
  const { components } = merge(error("A", "B"), error("B", "C"));

  expect(components).toEqual(error("A", "B", "C").components);
});

test.for<[what: string, other: OpenApiDocument, message: string]>([
  [
    "two operations at one place",
    { paths: { "/a/{x}": { get: {} } } },
    '"1.yaml" has another "get" of "/a/{x}" than a document before it',
  ],
  [
    "two schemas of one name",
    { components: { schemas: { A: { type: "string" } } } },
    '"1.yaml" has other schemas called "A" than a document before it, generate both anew',
  ],
])("refuses %s", ([, other, message]) => {
  const first = {
    paths: { "/a/{id}": { get: {} } },
    components: { schemas: { A: { type: "object" } } },
  };

  expect(() => merge(first, other)).toThrow(message);
});

test("takes names that objects have of themselves", () => {
  const schemas = JSON.parse('{"__proto__": {"type": "object"}, "toString": {}}') as object;
  const { components } = merge({ components: { schemas } }, { components: { schemas } });

  expect(JSON.stringify(components)).toBe(JSON.stringify({ schemas }));
});
