import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { generateFiles } from "../../src/generate/index.ts";
import { makeProject } from "./project-files.ts";

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string }[];
  readonly "x-kratos-path"?: string;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly description?: string }>>;
  };
  readonly "x-kratos-unlisted"?: readonly string[];
}

/** The document of one proto with `methods`. */
async function generate(methods: string, comment = ""): Promise<Document> {
  const root = await makeProject({
    "api/a/v1/a.proto": `syntax = "proto3";
package a.v1;
import "google/api/annotations.proto";
service S {
${methods}
}
${comment}
message Request { string id = 1; string other = 2; }
message Reply {}
`,
  });
  const { diagnostics } = await generateFiles({ root, paths: [] });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return parse(readFileSync(join(root, "api/a/v1/a_openapi.yaml"), "utf8")) as Document;
}

function rpc(name: string, rule: string): string {
  return `  rpc ${name}(Request) returns (Reply) { option (google.api.http) = { ${rule} }; }`;
}

test.for<[comment: string]>([
  ["{{code 1}} {{#each x}} ${process.exit()} `rm -rf`"],
  ["--- \n...\n&anchor *anchor !!js/function 'x': [y"],
  ["*/ <script>alert(1)</script> */"],
  ["key: value # comment\n  indented\n\n\tand a tab"],
  ["no"],
  ['"quoted" and \\escaped\\ \u0007 \u2028 end'],
])("comments stay text: %j", async ([comment]) => {
  const lines = comment.split("\n").map((line) => `// ${line}`);
  const posted = await generate(rpc("Post", 'post: "/v1" body: "*"'), lines.join("\r\n"));
  const expected = comment
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .replace("\u0007", "");
  expect(posted.components.schemas["a.v1.Request"]?.description).toBe(expected);
});

test("paths that OpenAPI cannot tell apart share the names of the first", async () => {
  const { paths } = await generate(
    [rpc("Get", 'get: "/v1/{id}"'), rpc("Drop", 'delete: "/v1/{other}"')].join("\n"),
  );

  expect(Object.keys(paths)).toEqual(["/v1/{id}"]);
  const names = Object.values(paths["/v1/{id}"]!).map(({ parameters = [] }) =>
    parameters.map(({ name }) => name),
  );
  expect(names).toEqual([
    ["id", "other"],
    ["id", "id"],
  ]);
});

test.for<[rule: string, path: string, names: readonly string[]]>([
  ['get: "/v1/{id=a/*}" ', "/v1/a/{id}", ["id", "other"]],
  ['get: "/v1/{id=a/*/b/*}:do"', "/v1/a/{id_1}/b/{id_2}:do", ["id_1", "id_2", "other"]],
  ['get: "/v1/{id=a/**}"', "/v1/a/{id}", ["id", "other"]],
  ['get: "/v1/*/b"', "/v1/{segment_1}/b", ["segment_1", "id", "other"]],
  ['get: "/"', "/", ["id", "other"]],
  ['get: "/v1/{id}:do"', "/v1/{id}:do", ["id", "other"]],
])("a rule %s is the path %s", async ([rule, path, names]) => {
  const { paths } = await generate(rpc("Get", rule));

  expect(Object.keys(paths)).toEqual([path]);
  expect(paths[path]?.["get"]?.parameters?.map(({ name }) => name)).toEqual(names);
});

test("what has no place is listed", async () => {
  const document = await generate(
    [
      rpc("Get", 'get: "/v1/{id}"'),
      rpc("Deep", 'get: "/v1/{id=**}"'),
      rpc("Find", 'custom: { kind: "SEARCH" path: "/v1" }'),
    ].join("\n"),
  );

  expect(document["x-kratos-unlisted"]).toEqual([
    "GET /v1/{id=**} of /a.v1.S/Deep",
    "SEARCH /v1 of /a.v1.S/Find",
  ]);
  expect(Object.keys(document.paths)).toEqual(["/v1/{id}"]);
});

test.for<[comment: string, summary: string | undefined, description: string | undefined]>([
  ["// Gets it.", "Gets it", undefined],
  ["// Gets it, in v1.2 too. And more.", "Gets it, in v1.2 too", "Gets it, in v1.2 too. And more."],
  ["// Gets\n// it", "Gets it", "Gets\nit"],
  ["// buf:lint:ignore RPC_NAME\n// Gets it.", "Gets it", undefined],
  ["// (-- among us --)\n// Gets it.", "Gets it", undefined],
  ["//", undefined, undefined],
])("a comment %j gives a summary and, where it says more, a description", async (row) => {
  const [comment, summary, description] = row;
  const { paths } = await generate(`${comment}\n${rpc("Get", 'get: "/v1"')}`);

  const operation = paths["/v1"]?.["get"];
  expect([operation?.summary, operation?.description]).toEqual([summary, description]);
});

test("a file without routes and errors has no document", async () => {
  const root = await makeProject({
    "api/a/v1/a.proto": 'syntax = "proto3";\npackage a.v1;\nmessage A {}\n',
  });

  const { written } = await generateFiles({ root, paths: [] });
  expect(written).toEqual(["api/a/v1/a_pb.ts"]);
});

test("the annotations of docs/openapi.md are taken", async () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/openapi.md"), "utf8");
  const block = /^```proto\n(.*?)^```$/ms.exec(page)?.[1] ?? "";
  const root = await makeProject({
    "api/a/v1/a.proto": `syntax = "proto3";
package a.v1;
import "google/api/annotations.proto";
message GetOrderRequest { string order_id = 1; }
${block}`,
  });
  expect((await generateFiles({ root, paths: [] })).diagnostics).toEqual([]);

  const document = parse(readFileSync(join(root, "api/a/v1/a_openapi.yaml"), "utf8")) as unknown;
  expect(document).toMatchObject({
    info: { title: "Orders", version: "1.4.0" },
    security: [{ token: [] }],
    paths: { "/v1/orders/{order_id}": { get: { summary: "One order", tags: ["reading"] } } },
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: {
        "a.v1.Order": {
          title: "An order",
          properties: { id: { type: "string", example: "ord_7" } },
        },
      },
    },
  });
});
