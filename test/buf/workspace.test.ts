import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { platformName } from "../../src/buf/buf-binary.ts";
import { buildDescriptorSet } from "../../src/buf/build.ts";
import {
  displayPath,
  findRoot,
  openWorkspace,
  resolveImport,
  type ProtoWorkspace,
} from "../../src/buf/workspace.ts";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import { makeProject, proto } from "../generate/project-files.ts";

const bundledDir = join(import.meta.dirname, "../../third_party");
const message = (pkg: string): string => proto(pkg, "message M {}");

function open(
  root: string,
  protoPaths: readonly string[] = [],
  paths: readonly string[] = [],
): ProtoWorkspace {
  return openWorkspace({
    root,
    paths: paths.map((path) => join(root, path)),
    protoPaths: protoPaths.map((path) => join(root, path)),
    bundledDir,
  });
}

function describeRoots({ root, roots }: ProtoWorkspace): string[] {
  return roots
    .filter(({ kind }) => kind !== "bundled")
    .map(({ dir, kind }) => `${kind} ${displayPath(root, dir)}`);
}

describe("proto roots", () => {
  const files = {
    "api/a.proto": message("a"),
    "internal/conf/conf.proto": message("conf"),
    "third_party/t/t.proto": message("t"),
    "other/o.proto": message("o"),
    "node_modules/x/x.proto": message("x"),
  };

  test.for<[what: string, config: Record<string, string>, roots: string[]]>([
    ["without buf.yaml", {}, ["project api", "project internal", "imports third_party"]],
    [
      "modules of buf.yaml",
      { "buf.yaml": "version: v2\nmodules:\n  - path: other\n  - path: third_party\n" },
      ["project other", "imports third_party"],
    ],
    [
      "a module without protos is left out",
      { "buf.yaml": "version: v2\nmodules:\n  - path: api\n  - path: docs\n", "docs/a.txt": "" },
      ["project api"],
    ],
    ["buf.yaml of version 1", { "buf.yaml": "version: v1\n" }, ["project ."]],
    ["buf.work.yaml", { "buf.work.yaml": "version: v1\ndirectories: [api]\n" }, ["project api"]],
  ])("%s", async ([, config, roots]) => {
    expect(describeRoots(open(await makeProject({ ...files, ...config })))).toEqual(roots);
  });

  test("the project itself, when what is named lies elsewhere", async () => {
    const root = await makeProject(files);
    const workspace = open(root, [], ["other/o.proto"]);

    expect(describeRoots(workspace)).toEqual(["project .", "imports third_party"]);
    expect(findRoot(workspace, join(root, "third_party/t/t.proto"))?.importPath).toBe("t/t.proto");
    expect(findRoot(workspace, join(root, "other/o.proto"))?.importPath).toBe("other/o.proto");
  });

  test("import paths are added, inside and outside of the project, each once", async () => {
    const root = await makeProject({
      "app/api/a.proto": message("a"),
      "shared/s.proto": message("s"),
    });
    const workspace = open(join(root, "app"), ["../shared", "api", "../shared"]);

    expect(describeRoots(workspace)).toEqual(["project api", `imports ${root}/shared`]);
  });

  test("an import path inside of a root takes its files out of it", async () => {
    const root = await makeProject({
      "api/a.proto": message("a"),
      "api/vend/v.proto": message("v"),
    });
    const workspace = open(root, ["api/vend"]);

    expect(resolveImport(workspace, "v.proto")).toBe(join(root, "api/vend/v.proto"));
    expect(resolveImport(workspace, "vend/v.proto")).toBeUndefined();
    expect(await buildDescriptorSet(workspace, [])).toMatchObject({ ok: true });
  });

  test.for<[what: string, config: string]>([
    ["bad YAML", "version: v2\nmodules: [\n"],
    ["wrong types", "version: v2\nmodules: api\n"],
  ])("refuses a buf.yaml with %s", async ([, config]) => {
    const root = await makeProject({ "buf.yaml": config, "api/a.proto": message("a") });

    expect(() => open(root)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", message: '"buf.yaml" cannot be read' }),
    );
  });

  test("refuses an import path that is no folder", async () => {
    const root = await makeProject({ "api/a.proto": message("a") });

    expect(() => open(root, ["nope"])).toThrow(
      expect.objectContaining({
        code: "FILE_NOT_FOUND",
        message: `import path "${join(root, "nope")}" is no folder`,
      }),
    );
  });
});

describe("building", () => {
  test("resolves bundled schemas without a registry", async () => {
    const imports = [
      "google/api/annotations.proto",
      "google/api/httpbody.proto",
      "google/rpc/status.proto",
      "errors/errors.proto",
      "validate/validate.proto",
      "buf/validate/validate.proto",
      "openapi/v3/annotations.proto",
      "google/protobuf/any.proto",
    ].map((path) => `import "${path}";`);
    const root = await makeProject({ "api/a.proto": proto("a", ...imports) });

    const built = await buildDescriptorSet(open(root), []);
    expect(built).toMatchObject({ ok: true });
  });

  test("prefers the project's copy of a bundled schema", async () => {
    const root = await makeProject({
      "api/a.proto": proto(
        "a",
        'import "errors/errors.proto";',
        "message A { errors.Mine m = 1; }",
      ),
      "third_party/errors/errors.proto": proto("errors", "message Mine {}"),
    });

    expect(await buildDescriptorSet(open(root), [])).toMatchObject({ ok: true });
  });

  test("tells how to complete a copy that lacks a schema", async () => {
    const root = await makeProject({
      "api/a.proto": proto("a", 'import "google/api/httpbody.proto";'),
      "third_party/google/api/http.proto": proto("google.api", "message Http {}"),
    });

    const built = await buildDescriptorSet(open(root), []);
    const path = join(bundledDir, "google/api/httpbody.proto");
    expect(built.ok ? [] : built.diagnostics.map(formatDiagnostic)).toEqual([
      'api/a.proto:5:1: error: cannot find import "google/api/httpbody.proto"\n' +
        '  searched in "api", "third_party"; kratos-ts comes with it, ' +
        `copy "${path}" beside the others of its folder`,
    ]);
  });

  test("refuses a schema that lies in two roots", async () => {
    const root = await makeProject({
      "buf.yaml": "version: v2\nmodules:\n  - path: api\n  - path: more\n",
      "api/x/x.proto": message("x"),
      "more/x/x.proto": message("x"),
    });

    await expect(buildDescriptorSet(open(root), [])).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: '"x/x.proto" lies in several proto roots: "api" and "more"',
    });
  });

  test("names the module root in positions", async () => {
    const root = await makeProject({
      "app/api/order/v1/order.proto":
        'syntax = "proto3";\npackage order.v1;\nmessage A { B b = 1; }\n',
    });

    const built = await buildDescriptorSet(open(join(root, "app")), []);
    expect(built.ok ? [] : built.diagnostics).toEqual([
      {
        severity: "error",
        file: "api/order/v1/order.proto",
        line: 3,
        column: 13,
        message: 'cannot find "B" in this scope',
      },
    ]);
  });

  test("has comments and positions only where they are needed", async () => {
    const root = await makeProject({
      "api/a.proto": proto("a", 'import "b.proto";', "// Of A.", "message A { b.M m = 1; }"),
      "api/b.proto": proto("b", "// Of M.", "message M {}"),
    });

    const built = await buildDescriptorSet(
      open(root),
      [join(root, "api")],
      (path) => path === "a.proto",
    );
    const files = built.ok ? built.set.file : [];
    expect(files.map(({ name, sourceCodeInfo }) => [name, sourceCodeInfo !== undefined])).toEqual([
      ["b.proto", false],
      ["a.proto", true],
    ]);
    expect(files[0]?.messageType[0]?.name).toBe("M");
  });
});

describe("the program", () => {
  test.for([
    ["linux", "x64", "linux-x64"],
    ["linux", "arm64", "linux-aarch64"],
    ["linux", "arm", "linux-armv7"],
    ["darwin", "arm64", "darwin-arm64"],
    ["win32", "x64", "win32-x64"],
  ] as const)("for %s on %s is that of %s", ([os, cpu, name]) => {
    expect(platformName(os, cpu)).toBe(name);
  });
});
