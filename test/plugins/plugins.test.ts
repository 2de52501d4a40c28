import { create, toBinary, fromBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponse_Feature as Feature,
  CodeGeneratorResponseSchema,
  type CodeGeneratorRequest,
} from "@bufbuild/protobuf/wkt";
import { execFileSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { findBufBinary } from "../../src/buf/buf-binary.ts";
import { buildDescriptorSet } from "../../src/buf/build.ts";
import { openWorkspace } from "../../src/buf/workspace.ts";
import { generateFiles } from "../../src/generate/index.ts";
import type { Emit } from "../../src/model/emit.ts";
import { answer, runPlugin } from "../../src/plugins/run-plugin.ts";
import { greeter, makeProject, proto, readProject } from "../generate/project-files.ts";

const repository = join(import.meta.dirname, "../..");
const bundledDir = join(repository, "third_party");
const kinds = ["http", "grpc", "errors", "config", "openapi"] as const;

describe("buf generate with the plugins", () => {
  test.for<[what: string, choices: string, parameters: readonly string[], minimum: number]>([
    ["the same bytes as the CLI", "# nothing\n", [], 8],
    [
      "its bytes for methods without a rule",
      "http: {unboundMethods: true}\n",
      ["unbound_methods=true"],
      10,
    ],
  ])("gives %s", async ([, choices, parameters, minimum]) => {
    const root = await makeProject({
      "kratos.yaml": choices,
      "buf.yaml":
        "version: v2\nmodules:\n  - path: api\n  - path: internal\n  - path: third_party\n",
    });
    for (const name of ["order-service", "method-kinds", "reserved-names", "comments", "config"]) {
      cpSync(join(repository, "fixtures/golden", name, "proto"), root, { recursive: true });
    }
    cpSync(bundledDir, join(root, "third_party"), { recursive: true });
    const plugins = kinds.map((kind) => ({
      local: startPlugin(kind),
      out: "gen",
      strategy: "all",
      opt: kind === "http" || kind === "openapi" ? parameters : [],
    }));
    writeFileSync(join(root, "buf.gen.yaml"), JSON.stringify({ version: "v2", plugins }));

    execFileSync(findBufBinary(), ["generate"], { cwd: root, stdio: "pipe" });
    const { written } = await generateFiles({ root, paths: [] });

    const files = readProject(root);
    const fromPlugins = Object.keys(files).filter((path) => path.startsWith("gen/"));
    const fromCli = written.filter((path) => !path.endsWith("_pb.ts"));
    expect(fromCli.length).toBeGreaterThan(minimum);
    const expected = fromCli.map((path) => [path.replace(/^\w+/, "gen"), files[path]]);
    expect(fromPlugins.map((path) => [path, files[path]])).toEqual(expected.sort());
  });
});

describe("a plugin", () => {
  test("answers on stdout", async () => {
    const request = await buildRequest(greeter());
    const { code, stdout, stderr } = await run(
      "http",
      toBinary(CodeGeneratorRequestSchema, request),
    );

    expect(code).toBe(0);
    expect(stderr).toBe("");
    const response = fromBinary(CodeGeneratorResponseSchema, stdout);
    expect(response.file.map(({ name }) => name)).toEqual(["a/v1/a_http.ts"]);
    expect(Number(response.supportedFeatures)).toBe(
      Feature.PROTO3_OPTIONAL | Feature.SUPPORTS_EDITIONS,
    );
  });

  test("puts what is wrong with protos into the response, all of it", async () => {
    const request = await buildRequest(greeter("/v1/{nam}/{nme}"));
    const { response } = answer(request, "http");

    expect(response.file).toEqual([]);
    expect(response.error).toBe(
      'a/v1/a.proto:8:33: error: path "/v1/{nam}/{nme}" names unknown field "nam"\n' +
        '  fields of "greeter.v1.HelloRequest": "name"\n' +
        'a/v1/a.proto:8:33: error: path "/v1/{nam}/{nme}" names unknown field "nme"\n' +
        '  fields of "greeter.v1.HelloRequest": "name"',
    );
  });

  test("looks only at what it generates from", async () => {
    const request = await buildRequest(greeter("/v1/{nam}"));

    expect(answer(request, "grpc").response.file).toHaveLength(1);
    expect(answer(request, "errors").response).toMatchObject({ file: [], error: "" });
    expect(answer(request, "config").response).toMatchObject({ file: [], error: "" });
  });

  test("prints warnings to stderr", async () => {
    const twice = greeter().replace("get:", "post:").replace('{name}"}', '{name}", body: "name"}');
    const request = await buildRequest(twice);
    const { stdout, stderr } = await run("http", toBinary(CodeGeneratorRequestSchema, request));

    expect(stderr).toMatch(/^a\/v1\/a\.proto:8:\d+: warning: field "name" is the body and a path/);
    expect(fromBinary(CodeGeneratorResponseSchema, stdout)).toMatchObject({ error: "" });
  });

  test("takes allow_get_body, and what protoplugin knows", async () => {
    const withBody = greeter().replace('{name}"}', '{name}", body: "*"}');
    const refused = answer(await buildRequest(withBody), "http");
    expect(refused.response.error).toContain("has a body");

    const parameter = "import_extension=js,allow_get_body";
    const { response } = answer({ ...(await buildRequest(withBody)), parameter }, "http");
    expect(response.error).toBe("");
    expect(response.file[0]?.content).toContain('from "./a_pb.js"');
    expect(response.file[0]?.content).toMatch(/^\/\/ @generated by kratos-ts\n/);
  });

  test.for(["unbound_methods", "unbound_methods=true", "unbound_methods=false", ""])(
    "takes the parameter %o, and prints nothing of it",
    async (parameter) => {
      const unbound = greeter().replace(/\{\n *option .*\n *\}/, ";");
      const { response } = answer({ ...(await buildRequest(unbound)), parameter }, "http");

      const isServed = parameter !== "" && !parameter.endsWith("=false");
      const [file] = response.file;
      expect({ error: response.error, isServed: file !== undefined }).toEqual({
        error: "",
        isServed,
      });
      if (file === undefined) return;
      expect(file.content).toContain('path: "/greeter.v1.Greeter/Hello", body: "*"');
      expect(file.content).toMatch(/^\/\/ @generated by kratos-ts\n/);
    },
  );

  test.for(["colour=red", "unbound_methods=yes", "unbound_method=true", "allow_get_body="])(
    "refuses the parameter %o",
    async (parameter) => {
      const request = { ...(await buildRequest(greeter())), parameter };

      expect(answer(request, "http").response.error).toBe(`invalid option "${parameter}"`);
    },
  );

  test("generates nothing of a schema that the runtime has code of", async () => {
    const imports = proto(
      "a.v1",
      'import "google/api/httpbody.proto";',
      "service A {",
      "rpc B(google.api.HttpBody) returns (google.api.HttpBody);",
      "}",
    );
    const { response } = answer(await buildRequest(imports), "grpc");

    expect(response.file[0]?.content).toContain(
      'from "@kratos-ts/runtime/protos/google/api/httpbody_pb.ts"',
    );
  });

  test("tells its version, and that it takes no arguments", async () => {
    const version = await run("http", new Uint8Array(), ["--version"]);
    expect(version.code).toBe(0);
    expect(new TextDecoder().decode(version.stdout)).toMatch(
      /^protoc-gen-kratos-http \d+\.\d+\.\d+\n$/,
    );

    const refused = await run("errors", new Uint8Array(), ["api"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toBe(
      "protoc-gen-kratos-errors is run by buf or protoc and takes no arguments\n",
    );
  });
});

/** The command that runs a plugin from its sources. */
function startPlugin(kind: (typeof kinds)[number]): string[] {
  const entry = new URL(`../../src/plugins/protoc-gen-kratos-${kind}.ts`, import.meta.url).href;
  return [
    process.execPath,
    `--import=${join(repository, "scripts/register.js")}`,
    "--conditions=@kratos-ts/source",
    "--input-type=module",
    "--eval",
    `import { main } from ${JSON.stringify(entry)}; process.exitCode = await main(process);`,
  ];
}

async function run(
  emit: Emit,
  input: Uint8Array,
  args: readonly string[] = [],
): Promise<{ code: number; stdout: Uint8Array; stderr: string }> {
  const stdout: Uint8Array[] = [];
  let stderr = "";
  const code = await runPlugin(emit, {
    argv: ["node", "plugin", ...args],
    stdin: Readable.from([input]),
    stdout: { write: (data) => stdout.push(Buffer.from(data as Uint8Array)) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { code, stdout: Buffer.concat(stdout), stderr };
}

/** What buf sends to a plugin for a proto with this text. */
async function buildRequest(text: string): Promise<CodeGeneratorRequest> {
  const root = await makeProject({ "api/a/v1/a.proto": text });
  const workspace = openWorkspace({ root, paths: [], protoPaths: [], bundledDir });
  const built = await buildDescriptorSet(workspace, [join(root, "api")]);
  if (!built.ok) throw new Error(JSON.stringify(built.diagnostics));
  return create(CodeGeneratorRequestSchema, {
    fileToGenerate: ["a/v1/a.proto"],
    protoFile: built.set.file,
  });
}
