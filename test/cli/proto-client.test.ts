import { cp, mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import { runCli } from "./cli-process.ts";

const golden = fileURLToPath(new URL("../../fixtures/golden", import.meta.url));

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

const message = (name: string, extra = ""): string =>
  `syntax = "proto3";\n\npackage ${name}.v1;\n\n${extra}message Thing {}\n`;

test("writes beside the protos, and nothing the second time", async () => {
  const cwd = await temporaryFolder();
  await write(cwd, { "package.json": "{}" });
  await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd });
  const first = await runCli(["proto", "client", "api/order/v1"], { cwd });
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(first.stdout).toBe(`wrote api/order/v1/error_reason_errors.ts
wrote api/order/v1/error_reason_openapi.yaml
wrote api/order/v1/error_reason_pb.ts
wrote api/order/v1/order_grpc.ts
wrote api/order/v1/order_http.ts
wrote api/order/v1/order_openapi.yaml
wrote api/order/v1/order_pb.ts
7 files written, 0 unchanged
`);
  const path = join(cwd, "api/order/v1/order_pb.ts");
  const { mtimeMs, ino } = await stat(path);
  const second = await runCli(["proto", "client", "order/v1"], { cwd: join(cwd, "api") });
  expect(second).toEqual({ code: 0, stdout: "0 files written, 7 unchanged\n", stderr: "" });
  expect(await stat(path)).toMatchObject({ mtimeMs, ino });
});

test("takes import roots from flags, then from KRATOS_PROTO_PATH", async () => {
  const cwd = await temporaryFolder();
  await write(cwd, {
    "shop/package.json": "{}",
    "shop/api/a/v1/a.proto": message(
      "a",
      'import "b/v1/b.proto";\nimport "c/v1/c.proto";\n\n',
    ).replace("Thing {}", "Thing {\n  b.v1.Thing b = 1;\n  c.v1.Thing c = 2;\n}"),
    "one/b/v1/b.proto": message("b"),
    "two/c/v1/c.proto": message("c"),
  });
  const args = ["proto", "client", "api/a/v1/a.proto"];
  const shop = join(cwd, "shop");
  const without = await runCli(args, { cwd: shop });
  expect(without.code).toBe(1);
  expect(without.stderr).toContain("b/v1/b.proto");
  expect(await readdir(join(shop, "api/a/v1"))).toEqual(["a.proto"]);

  const flags = await runCli([...args, "-p", "../one", "--proto_path", "../two"], { cwd: shop });
  expect(flags).toMatchObject({ code: 0, stdout: expect.stringContaining("1 file written") });
  const variable = { KRATOS_PROTO_PATH: `${cwd}/one:${cwd}/two` };
  const again = await runCli(args, { cwd: shop, env: variable });
  expect(again).toMatchObject({ code: 0, stdout: "0 files written, 1 unchanged\n" });
});

test("prints all problems with their places and writes nothing", async () => {
  const cwd = await temporaryFolder();
  const proto = `syntax = "proto3";

package a.v1;

import "google/api/annotations.proto";

service A {
  rpc Get(Thing) returns (Thing) {
    option (google.api.http) = {get: "/v1/{nothing}"};
  }
  rpc Put(Thing) returns (Thing) {
    option (google.api.http) = {put: "/v1/things" body: "nobody"};
  }
}

message Thing {}
`;
  await write(cwd, { "package.json": "{}", "api/a/v1/a.proto": proto });
  const { code, stdout, stderr } = await runCli(["proto", "client", "api"], { cwd });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^api\/a\/v1\/a\.proto:9:\d+: error: .*"nothing"/m);
  expect(stderr).toMatch(/^api\/a\/v1\/a\.proto:12:\d+: error: .*"nobody"/m);
  expect(stderr).toMatch(/^2 errors, nothing was written$/m);
  expect(await readdir(join(cwd, "api/a/v1"))).toEqual(["a.proto"]);
});

test("tells of a POST without a body, and generates all the same", async () => {
  const cwd = await temporaryFolder();
  const proto = `syntax = "proto3";

package a.v1;

import "google/api/annotations.proto";

service A {
  rpc Make(Thing) returns (Thing) {
    option (google.api.http) = {post: "/v1/things"};
  }
}

message Thing {
  string name = 1;
}
`;
  await write(cwd, { "package.json": "{}", "api/a/v1/a.proto": proto });
  const { code, stdout, stderr } = await runCli(["proto", "client", "api"], { cwd });
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr:
      'api/a/v1/a.proto:9:33: warning: POST of method "Make" has no body: "name" can only come from the query, a JSON body is ignored\n' +
      '  add body: "*" to the rule\n1 warning\n',
  });
  expect(stdout).toContain("4 files written");
});

test("names every file that does not exist", async () => {
  const cwd = await temporaryFolder();
  const result = await runCli(["proto", "client", "a.proto", "b"], { cwd });
  expect(result).toEqual({
    code: 1,
    stdout: "",
    stderr: `error[FILE_NOT_FOUND]: "a.proto", "b" do not exist\nhint: name .proto files or folders, relative to "${cwd}"\n`,
  });
});

test("refuses to write outside of a project", async () => {
  const cwd = await temporaryFolder();
  await write(cwd, { "api/a/v1/a.proto": message("a") });
  const { code, stdout, stderr } = await runCli(["proto", "client", "api"], { cwd });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(`"${cwd}" lies in no project\nhint: make one with`);
  expect(await readdir(join(cwd, "api/a/v1"))).toEqual(["a.proto"]);
});

test("never writes over a file that it did not make", async () => {
  const cwd = await temporaryFolder();
  await write(cwd, {
    "package.json": "{}",
    "api/a/v1/a.proto": message("a"),
    "api/a/v1/a_pb.ts": "mine",
  });
  const { code, stderr } = await runCli(["proto", "client", "api"], { cwd });
  expect(code).toBe(1);
  expect(stderr).toContain("api/a/v1/a_pb.ts");
  expect(await readFile(join(cwd, "api/a/v1/a_pb.ts"), "utf8")).toBe("mine");
});

test("gives the bytes that the sources of kratos-ts give", async () => {
  const cwd = await temporaryFolder();
  // The bundle has a protoplugin that remembers; long files with comments show whether it does so rightly.
  for (const name of ["comments", "reserved-names", "several-services", "order-service"]) {
    await cp(join(golden, name, "proto"), cwd, { recursive: true });
  }
  await write(cwd, { "package.json": "{}" });
  const { code } = await runCli(["proto", "client", "api"], { cwd });
  expect(code).toBe(0);
  for (const name of ["comments", "reserved-names", "several-services", "order-service"]) {
    const want = join(golden, name, "want/api");
    for (const entry of await readdir(want, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const made = await readFile(join(cwd, "api", relative(want, path)), "utf8");
      expect({ path, made }).toEqual({ path, made: await readFile(path, "utf8") });
    }
  }
});

test("takes a body on GET when it is told to, for clients and servers alike", async () => {
  const cwd = await temporaryFolder();
  await cp(join(golden, "get-with-body/proto"), cwd, { recursive: true });
  await write(cwd, { "package.json": "{}" });
  const [proto = ""] = (await readdir(join(cwd, "api"), { recursive: true })).filter((name) =>
    name.endsWith(".proto"),
  );
  for (const command of ["client", "server"]) {
    const args = ["proto", command, join("api", proto)];
    const refused = await runCli(args, { cwd });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(" has a body, which proxies and clients drop");
    const accepted = await runCli([...args, "--allow-get-body"], { cwd });
    expect(accepted.code).toBe(0);
  }
});

test("serves methods without a rule where kratos.yaml asks for it, for clients and servers alike", async () => {
  const cwd = await temporaryFolder();
  const service = `${message("a")}\nservice A {\n  rpc Get(Thing) returns (Thing);\n}\n`;
  const files = { "package.json": "{}", "api/a/v1/a.proto": service };
  await write(cwd, { ...files, "kratos.yaml": "http:\n  unboundMethods: true\n" });
  const client = await runCli(["proto", "client", "api"], { cwd });
  expect(client).toMatchObject({ code: 0, stderr: "" });
  const made = await readFile(join(cwd, "api/a/v1/a_http.ts"), "utf8");
  expect(made).toContain('{ method: "POST", path: "/a.v1.A/Get", body: "*" },');

  const server = await runCli(["proto", "server", "api/a/v1/a.proto"], { cwd });
  expect(server.code).toBe(0);
  const [name = ""] = await readdir(join(cwd, "internal/service"));
  expect(await readFile(join(cwd, "internal/service", name), "utf8")).toContain("AHttpServer");
});

test("tells all that is wrong with kratos.yaml, whatever was to be done", async () => {
  const cwd = await temporaryFolder();
  await write(cwd, {
    "api/a/v1/a.proto": message("a"),
    "kratos.yaml": "http:\n  unboundMethod: true\nhtpt: {}\n",
  });
  for (const command of ["client", "server"]) {
    expect(await runCli(["proto", command, "api/a/v1/a.proto"], { cwd })).toEqual({
      code: 1,
      stdout: "",
      stderr:
        `error[CONFIG_INVALID]: "${join(cwd, "kratos.yaml")}" cannot be used\n` +
        '  kratos.yaml:2:3: unknown key "http.unboundMethod", did you mean "unboundMethods"?\n' +
        '  kratos.yaml:3:1: unknown key "htpt", did you mean "http"?\n',
    });
  }
  expect(await readdir(join(cwd, "api/a/v1"))).toEqual(["a.proto"]);
});

test("several runs at once do not get in each other's way", async () => {
  const cwd = await temporaryFolder();
  const paths = Array.from({ length: 8 }, (_, index) => `api/a${index}/v1/a.proto`);
  const protos = paths.map((path, index) => [path, message(`a${index}`)]);
  await write(cwd, { "package.json": "{}", ...Object.fromEntries(protos) });
  const runs = Array.from({ length: 3 }, () => runCli(["proto", "client", "api"], { cwd }));
  for (const { code, stderr } of await Promise.all(runs)) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  }
  for (const path of paths) {
    const names = await readdir(dirname(join(cwd, path)));
    expect(names.sort()).toEqual(["a.proto", "a_pb.ts"]);
  }
});

test("line ends of Windows do not get into code", async () => {
  const cwd = await temporaryFolder();
  const proto = `${message("a")}\n// A service.\n// Of two lines.\nservice A {\n  // One.\n  rpc Get(Thing) returns (Thing);\n}\n`;
  await write(cwd, { "package.json": "{}", "api/a/v1/a.proto": proto });
  await runCli(["proto", "client", "api"], { cwd });
  const before = await readFile(join(cwd, "api/a/v1/a_grpc.ts"), "utf8");
  await write(cwd, { "api/a/v1/a.proto": proto.replaceAll("\n", "\r\n") });
  await runCli(["proto", "client", "api"], { cwd });
  expect(await readFile(join(cwd, "api/a/v1/a_grpc.ts"), "utf8")).toBe(before);
});

test("takes the project itself as a root of imports", async () => {
  const cwd = await temporaryFolder();
  const files = {
    "package.json": "{}",
    "api/a/v1/a.proto": message("a", 'import "shared/b.proto";\n\n'),
  };
  await write(cwd, { ...files, "shared/b.proto": message("b") });
  const { code, stdout } = await runCli(["proto", "client", "api", "-p", "."], { cwd });
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: "wrote api/a/v1/a_pb.ts\n1 file written, 0 unchanged\n",
  });
});
