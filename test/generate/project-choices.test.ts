import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasErrors } from "../../src/diagnostic.ts";
import { generateFiles } from "../../src/generate/index.ts";
import { readProtoServices } from "../../src/scaffold/proto-services.ts";
import { greeter, makeProject, proto, readProject } from "./project-files.ts";

const unbound = greeter().replace(/\{\n *option .*\n *\}/, ";");
const getWithBody = greeter().replace('{name}"}', '{name}" body: "*"}');

test("a body on GET is taken where kratos.yaml allows it", async () => {
  const files = { "api/a/v1/a.proto": getWithBody };
  const refusing = await makeProject({ ...files, "kratos.yaml": "http: {allowGetBody: false}\n" });
  expect(hasErrors((await generateFiles({ root: refusing, paths: [] })).diagnostics)).toBe(true);
  const flagged = await generateFiles({ root: refusing, paths: [], allowGetBody: true });
  expect(flagged.written).toHaveLength(4);

  const root = await makeProject({ ...files, "kratos.yaml": "http: {allowGetBody: true}\n" });
  const unflagged = await generateFiles({ root, paths: [], allowGetBody: false });
  expect(unflagged.written).toEqual(flagged.written);
});

test("import roots of kratos.yaml give the code that --proto_path gives", async () => {
  const files = {
    "shop/api/a/v1/a.proto": proto(
      "a.v1",
      'import "b/v1/b.proto";',
      'import "c/v1/c.proto";',
      "message A { b.v1.B b = 1; c.v1.C c = 2; }",
    ),
    "one/b/v1/b.proto": proto("b.v1", "message B {}"),
    "two/c/v1/c.proto": proto("c.v1", "message C {}"),
  };
  const choices = "proto: {importRoots: [../one, ../two]}\n";
  const chosen = await makeProject({ ...files, "shop/kratos.yaml": choices });
  const flagged = await makeProject({ ...files, "shop/package.json": "{}" });
  // Some of each, too.
  const both = await makeProject({
    ...files,
    "shop/kratos.yaml": "proto: {importRoots: [../one]}\n",
  });
  const run = (root: string, protoPaths: readonly string[]) =>
    generateFiles({ root: join(root, "shop"), paths: ["api"], protoPaths });

  await run(chosen, []);
  await run(flagged, ["../one", "../two"]);
  await run(both, ["../two"]);

  const codeOf = (root: string): string | undefined => readProject(root)["shop/api/a/v1/a_pb.ts"];
  expect(codeOf(chosen)).toContain("../../../../one/b/v1/b_pb");
  expect(codeOf(flagged)).toBe(codeOf(chosen));
  expect(codeOf(both)).toBe(codeOf(chosen));
});

test("writes nothing while kratos.yaml is wrong", async () => {
  const root = await makeProject({
    "api/a/v1/a.proto": greeter(),
    "kratos.yaml": "http: {unboundMethod: true}\n",
  });
  const before = readProject(root);

  await expect(generateFiles({ root, paths: [] })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    details: 'kratos.yaml:1:8: unknown key "http.unboundMethod", did you mean "unboundMethods"?',
  });
  expect(readProject(root)).toEqual(before);
});

test("a choice that is taken back leaves the files of it to be removed", async () => {
  const root = await makeProject({
    "api/a/v1/a.proto": unbound,
    "kratos.yaml": "http: {unboundMethods: true}\n",
  });
  await generateFiles({ root, paths: [] });
  rmSync(join(root, "kratos.yaml"));

  const { orphaned, written } = await generateFiles({ root, paths: [] });

  expect({ orphaned, written }).toEqual({
    orphaned: ["api/a/v1/a_http.ts", "api/a/v1/a_openapi.yaml"],
    written: [],
  });
});

test("what stands above the project says nothing of it", async () => {
  const top = await makeProject({
    "kratos.yaml": "http: {unboundMethods: true}\n",
    "app/order/api/a/v1/a.proto": unbound,
  });
  const root = join(top, "app/order");

  expect((await generateFiles({ root, paths: [] })).written).not.toContain("api/a/v1/a_http.ts");
});

test("services are written with the same eyes as code", async () => {
  const root = await makeProject({ "api/a/v1/a.proto": unbound });
  const read = async () => {
    const { services } = await readProtoServices({ root, paths: ["api"] });
    return services.flatMap(({ methods }) => methods.flatMap(({ bindings }) => bindings.length));
  };
  expect(await read()).toEqual([0]);

  writeFileSync(join(root, "kratos.yaml"), "http: {unboundMethods: true}\n");
  expect(await read()).toEqual([1]);
  rmSync(join(root, "kratos.yaml"));
  mkdirSync(join(root, "kratos.yaml"));
  await expect(read()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});
