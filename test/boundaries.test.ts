import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkTree } from "../scripts/boundaries/check-tree.ts";
import { matchesAny } from "../scripts/boundaries/glob.ts";
import { layerRules } from "../scripts/boundaries/layer-rules.ts";
import { exclude, include, rules } from "../scripts/boundaries/rules.ts";
import { readTree } from "../scripts/boundaries/source-tree.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kratos-boundaries-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

/** Packages as they are in this repository, each as small as the rules allow. */
const packages = {
  "package.json": JSON.stringify({
    name: "kratos-ts",
    dependencies: { "oxc-parser": "1", zod: "1", prettier: "1" },
  }),
  "runtime/package.json": JSON.stringify({
    name: "@kratos-ts/runtime",
    exports: {
      ".": { "@kratos-ts/source": "./src/index.ts", default: "./dist/index.js" },
      "./http": { "@kratos-ts/source": "./src/transport/http/index.ts" },
      "./codegenv1": { "@kratos-ts/source": "./src/codegenv1/index.ts" },
    },
    dependencies: { yaml: "2" },
    peerDependencies: { "@bufbuild/protobuf": "2" },
  }),
  "layout-template/package.json": JSON.stringify({
    name: "@kratos-ts/layout-template",
    dependencies: { "@kratos-ts/runtime": "1" },
  }),
};

/** Writes a tree and returns what the rules of this repository say to it, as `path:line: message`. */
async function findIn(files: Readonly<Record<string, string>>): Promise<string[]> {
  for (const [path, text] of Object.entries({ ...packages, ...files })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const findings = checkTree(rules, readTree(root, include, exclude));
  for (const { why } of findings) expect(why).not.toBe("");
  return findings.map(({ path, line, message }) => `${path}:${line}: ${message}`);
}

describe("a tree that keeps the boundaries", () => {
  test("has no findings", async () => {
    const findings = await findIn({
      "src/main.ts": `import { start } from "./program.ts";
export const main = (): void => { start(); process.exit(); };`,
      "src/program.ts": `export const start = () => import("./commands/new.ts");`,
      "src/commands/new.ts": `import { z } from "zod";
import type { Plan } from "../model/plan.ts";
export const schema = z.object({ name: z.string().optional() });
export function plan(): Plan { return { name: "" }; }`,
      "src/model/plan.ts": `export interface Plan { readonly name: string }`,
      "src/buf/build.ts": `export const program = "@bufbuild/buf";`,
      "runtime/src/index.ts": `export { parse } from "./config/parse.ts";`,
      "runtime/src/config/parse.ts": `import { parse as parseYaml } from "yaml";
const known = new Map([["a", 1]]);
const made = /* @__PURE__ */ make();
export function parse(text: string): unknown { return [parseYaml(text), known, made]; }
function make(): number { return Date.now(); }`,
      "layout-template/internal/server/http.ts": `import { parse } from "@kratos-ts/runtime";
export const load = (): unknown => parse("");`,
    });
    expect(findings).toEqual([]);
  });
});

describe("layers", () => {
  test.for<[title: string, files: Record<string, string>, want: string[]]>([
    [
      "refuses an import that points upwards",
      {
        "src/model/a.ts": `import { b } from "../codegen/b.ts";\nexport const a = b;`,
        "src/codegen/b.ts": `export const b = 1;`,
      },
      [`src/model/a.ts:1: "model" imports "../codegen/b.ts" of "codegen", it may import ground`],
    ],
    [
      "refuses a type import that points upwards",
      {
        "src/buf/a.ts": `export type A = import("../generate/b.ts").B;`,
        "src/generate/b.ts": `export type B = 1;`,
      },
      [
        `src/buf/a.ts:1: "buf" imports "../generate/b.ts" of "generate", it may import project, ground`,
      ],
    ],
    [
      "refuses an import that is made when the code runs",
      {
        "runtime/src/errors/a.ts": `export const load = () => import("../config/b.ts");`,
        "runtime/src/config/b.ts": `export const b = 1;`,
      },
      [
        `runtime/src/errors/a.ts:1: "errors" imports "../config/b.ts" of "config", it may import nothing`,
      ],
    ],
    [
      "keeps HTTP/2 apart from what speaks over it",
      {
        "runtime/src/transport/http2/node/a.ts": `export * from "../../http/call/b.ts";`,
        "runtime/src/transport/http/call/b.ts": `export const b = 1;`,
      },
      [
        `runtime/src/transport/http2/node/a.ts:1: "http2" imports "../../http/call/b.ts" of "http", it may import transport`,
      ],
    ],
    [
      "refuses a file that no layer holds",
      { "src/attic/a.ts": `export const a = 1;` },
      ["src/attic/a.ts:1: belongs to no layer, name it in scripts/boundaries/rules.ts"],
    ],
  ])("%s", async ([, files, want]) => {
    expect(await findIn(files)).toEqual(want);
  });
});

describe("packages", () => {
  test.for<[title: string, path: string, text: string, want: string[]]>([
    [
      "refuses a relative import that leaves its package",
      "src/commands/new.ts",
      `export { run } from "../../runtime/src/run.ts";`,
      [
        `src/commands/new.ts:1: "../../runtime/src/run.ts" leaves the package, import a public entry`,
      ],
    ],
    [
      "refuses a way into the runtime that is no public entry",
      "layout-template/cmd/a.ts",
      `import type { A } from "@kratos-ts/runtime/errors";\nexport type B = A;`,
      [
        `layout-template/cmd/a.ts:1: "@kratos-ts/runtime/errors" is no public entry, choose from @kratos-ts/runtime, @kratos-ts/runtime/http, @kratos-ts/runtime/codegenv1`,
      ],
    ],
    [
      "refuses a package of this repository that does not exist",
      "layout-template/cmd/a.ts",
      `export * from "@kratos-ts/otel";`,
      [`layout-template/cmd/a.ts:1: "@kratos-ts/otel" is no package of this repository`],
    ],
    [
      "refuses a package that is not declared",
      "layout-template/cmd/a.ts",
      `export * from "lodash";`,
      [
        `layout-template/cmd/a.ts:1: "lodash" is not among the dependencies of "layout-template/package.json"`,
      ],
    ],
    [
      "refuses a dependency of the runtime beyond those allowed, declared or not",
      "runtime/src/log/a.ts",
      `export * from "pino";`,
      [
        `runtime/src/log/a.ts:1: "pino" is not among the dependencies of "runtime/package.json"`,
        `runtime/src/log/a.ts:1: must not import "pino"`,
      ],
    ],
    [
      "refuses an entry in generated code that may change",
      "layout-template/api/a_http.ts",
      `import { HttpServer } from "@kratos-ts/runtime/http";\nexport const a = HttpServer;`,
      [`layout-template/api/a_http.ts:1: must not import "@kratos-ts/runtime/http"`],
    ],
  ])("%s", async ([, path, text, want]) => {
    expect(await findIn({ [path]: text })).toEqual(want);
  });
});

describe("what a file pulls in", () => {
  test("keeps Node out of what browsers load, however far down", async () => {
    const findings = await findIn({
      "runtime/src/codegenv1/index.ts": `export { a } from "../errors/a.ts";`,
      "runtime/src/errors/a.ts": `export { b as a } from "./b.ts";`,
      "runtime/src/errors/b.ts": `import { inspect } from "node:util";\nexport const b = inspect;`,
    });
    expect(findings).toEqual([
      `runtime/src/errors/b.ts:1: "runtime/src/codegenv1/index.ts" must not load "node:util" by way of runtime/src/errors/a.ts → runtime/src/errors/b.ts`,
    ]);
  });

  test("does not count what is erased or loaded later", async () => {
    const findings = await findIn({
      "runtime/src/codegenv1/index.ts": `export { a } from "../errors/a.ts";`,
      "runtime/src/errors/a.ts": `import type { Socket } from "node:net";
export const a = async (socket: Socket) => [socket, await import("node:util")];`,
    });
    expect(findings).toEqual([]);
  });

  test("keeps heavy packages out of the CLI's start", async () => {
    const findings = await findIn({
      "src/main.ts": `export { program } from "./program.ts";`,
      "src/program.ts": `export { newCommand as program } from "./commands/new.ts";`,
      "src/commands/new.ts": `import { format } from "prettier";\nexport const newCommand = format;`,
    });
    expect(findings).toEqual([
      `src/commands/new.ts:1: "src/main.ts" must not load "prettier" by way of src/program.ts → src/commands/new.ts`,
    ]);
  });

  test("keeps from a server what it needs when it is asked", async () => {
    const services = "runtime/src/transport/grpc/services";
    const findings = await findIn({
      "runtime/src/transport/grpc/index.ts": `export { a } from "./services/a.ts";
export const later = () => import("./services/protos/b_pb.ts");`,
      [`${services}/a.ts`]: `import { b } from "./protos/b_pb.ts";\nexport const a = b;`,
      [`${services}/protos/b_pb.ts`]: "export const b = 1;",
    });
    expect(findings).toEqual([
      `${services}/a.ts:1: "runtime/src/transport/grpc/index.ts" must not load "./protos/b_pb.ts" by way of ${services}/a.ts`,
    ]);
  });

  test("finds files that import each other in a circle", async () => {
    const findings = await findIn({
      "runtime/src/log/a.ts": `import { b } from "./b.ts";\nexport const a = () => b;`,
      "runtime/src/log/b.ts": `import { c } from "./c.ts";\nexport const b = () => c;`,
      "runtime/src/log/c.ts": `import { a } from "./a.ts";\nexport const c = () => a;`,
    });
    expect(findings).toEqual([
      "runtime/src/log/c.ts:1: imports in a circle: runtime/src/log/a.ts → runtime/src/log/b.ts → runtime/src/log/c.ts → runtime/src/log/a.ts",
    ]);
  });
});

describe("code", () => {
  test.for<[title: string, path: string, text: string, want: string[]]>([
    [
      "refuses files, processes and clocks where facts are computed",
      "src/model/a.ts",
      `import { readFileSync } from "node:fs";\nexport const a = () => [readFileSync, Date.now(), Math.random()];`,
      [
        `src/model/a.ts:1: must not import "node:fs"`,
        `src/model/a.ts:2: must not use "Date"`,
        `src/model/a.ts:2: must not use "Math.random"`,
      ],
    ],
    [
      "refuses the process outside of main.ts",
      "src/commands/a.ts",
      `export function a(options: { process: number }): void {\n  options.process = 1;\n  process.exit(options.process);\n}`,
      [`src/commands/a.ts:3: must not use "process"`],
    ],
    [
      "refuses the process by import too",
      "src/commands/a.ts",
      `export { exit } from "node:process";`,
      [`src/commands/a.ts:1: must not import "node:process"`],
    ],
    [
      "refuses a library that ends the process or starts one",
      "runtime/src/app/a.ts",
      `export * from "node:child_process";\nexport const a = () => process["exit"](1);`,
      [
        `runtime/src/app/a.ts:1: must not import "node:child_process"`,
        `runtime/src/app/a.ts:2: must not use "process.exit"`,
      ],
    ],
    [
      "refuses to start buf outside of its folder",
      "src/generate/a.ts",
      `export const binary = "@bufbuild/buf/package.json";`,
      [`src/generate/a.ts:1: must not name "@bufbuild/buf/package.json"`],
    ],
    [
      "refuses state of a module",
      "runtime/src/log/a.ts",
      `let count = 0;\nexport const next = () => ++count;`,
      [`runtime/src/log/a.ts:1: "let" at the top level is state of the module`],
    ],
    [
      "refuses a statement that runs on import",
      "runtime/src/log/a.ts",
      `export const a = 1;\nregister(a);\nfunction register(value: number): void { void value; }`,
      [
        "runtime/src/log/a.ts:2: ExpressionStatement at the top level runs when the module is imported",
      ],
    ],
    [
      "refuses a call on import that is not known to be pure",
      "runtime/src/log/a.ts",
      `export const a = { b: [connect()], later: () => connect() };\nfunction connect(): number { return 1; }`,
      [
        `runtime/src/log/a.ts:1: calls "connect" when the module is imported, mark it /* @__PURE__ */ if it only makes a constant`,
      ],
    ],
    [
      "refuses waiting on import",
      "runtime/src/log/a.ts",
      `export const a = await Promise.resolve(1);`,
      [
        "runtime/src/log/a.ts:1: awaits when the module is imported",
        `runtime/src/log/a.ts:1: calls "Promise.resolve" when the module is imported, mark it /* @__PURE__ */ if it only makes a constant`,
      ],
    ],
    [
      "refuses a name that says nothing",
      "runtime/src/log/utils.ts",
      `export const a = 1;`,
      [`runtime/src/log/utils.ts:1: "utils" says nothing, name the concept`],
    ],
    [
      "refuses a name in another spelling",
      "bench/src/myServer.ts",
      `export const a = 1;`,
      [`bench/src/myServer.ts:1: "myServer" must match ^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$`],
    ],
    [
      "refuses a file that is too long",
      "src/model/a.ts",
      "export {};\n".repeat(401),
      ["src/model/a.ts:401: has 401 lines, at most 400: take it apart"],
    ],
    ["accepts a file as long as it may be", "src/model/a.ts", "export {};\n".repeat(400), []],
    [
      "lets tables make a test longer, up to a point",
      "test/a.test.ts",
      "export {};\n".repeat(701),
      ["test/a.test.ts:701: has 701 lines, at most 700: take it apart"],
    ],
    [
      "accepts long generated files under generated names",
      "layout-template/api/error_reason_errors.ts",
      "export {};\n".repeat(500),
      [],
    ],
  ])("%s", async ([, path, text, want]) => {
    expect(await findIn({ [path]: text })).toEqual(want);
  });

  test("names the file whose syntax is wrong", async () => {
    await expect(findIn({ "src/model/a.ts": "export const = 1;" })).rejects.toThrow(
      /^src\/model\/a\.ts: /,
    );
  });
});

test.for<[pattern: string, path: string, matches: boolean]>([
  ["src/*.ts", "src/a.ts", true],
  ["src/*.ts", "src/a/b.ts", false],
  ["src/**", "src/a/b.ts", true],
  ["**/*.ts", "a.ts", true],
  ["src/{a,b}.ts", "src/b.ts", true],
  ["src/a.ts", "src/axts", false],
  ["node:**", "node:fs/promises", true],
])("pattern %s on %s: %s", ([pattern, path, matches]) => {
  expect(matchesAny(path, [pattern])).toBe(matches);
});

test("every layer has files", async () => {
  const checkout = new URL("..", import.meta.url);
  const folders = ["src", "runtime/src"];
  const names = await Promise.all(
    folders.map(async (folder) => {
      const found = await readdir(new URL(folder, checkout), { recursive: true });
      return found.map((name) => `${folder}/${name}`);
    }),
  );
  const layers = layerRules.flatMap((rule) => rule.layers);
  const empty = layers.filter(({ files }) => !names.flat().some((name) => matchesAny(name, files)));
  expect(empty).toEqual([]);
});
