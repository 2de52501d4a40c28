import { readFile, readdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import { runCli } from "./cli-process.ts";
import { makeProject, readOwn as snapshot, typecheck, writeAll as write } from "./made-project.ts";

const everyKind = `syntax = "proto3";

package chat.v1;

import "google/api/annotations.proto";
import "google/api/httpbody.proto";
import "google/protobuf/empty.proto";
import "common/v1/common.proto";

service ChatService {
  rpc Send(Promise) returns (google.protobuf.Empty) {
    option (google.api.http) = {post: "/v1/chat" body: "*"};
  }
  rpc Watch(Outer.Inner) returns (stream common.v1.Event);
  rpc Upload(stream common.v1.Event) returns (google.api.HttpBody);
  rpc Talk(stream KratosError) returns (stream MessageInitShape);
}

service Empty2 {}

service Admin {
  rpc Delete(google.protobuf.Empty) returns (google.protobuf.Empty);
}

message Promise {}
message KratosError {}
message MessageInitShape {}
message Outer {
  message Inner {}
}
`;

test("writes a class for every service and method kind, which compiles at once", async () => {
  const cwd = await makeProject();
  await write(cwd, {
    "api/chat/v1/chat.proto": everyKind,
    "api/common/v1/common.proto": 'syntax = "proto3";\n\npackage common.v1;\n\nmessage Event {}\n',
  });
  const generated = await runCli(["proto", "client", "api/chat", "api/common"], { cwd });
  expect(generated).toMatchObject({ code: 0, stderr: "" });
  const { code, stdout, stderr } = await runCli(["proto", "server", "api/chat/v1/chat.proto"], {
    cwd,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(`created internal/service/chat.ts
created internal/service/admin.ts
updated internal/server/services.ts
updated cmd/shop/wire.ts
`);
  const chat = await readFile(join(cwd, "internal/service/chat.ts"), "utf8");
  await expect(chat).toMatchFileSnapshot("chat-service.snap.txt");
  expect(typecheck(cwd)).toBe("");
}, 60_000);

test("takes a folder, with every service in it", async () => {
  const cwd = await makeProject();
  const service = (name: string, version: string): string =>
    `syntax = "proto3";\n\npackage shop.${version};\n\nservice ${name} {\n  rpc Do${name}(In${name}) returns (In${name});\n}\n\nmessage In${name} {}\n`;
  await write(cwd, {
    "api/shop/v1/order.proto": service("OrderService", "v1"),
    "api/shop/v1/book.proto": service("Book", "v1"),
    "api/shop/v2/order.proto": service("OrderService", "v2"),
    "api/shop/v2/none.proto": 'syntax = "proto3";\n\npackage shop.v2;\n',
  });
  await runCli(["proto", "client", "api/shop"], { cwd });
  const { code, stdout, stderr } = await runCli(["proto", "server", "api/shop"], { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(`created internal/service/book.ts
created internal/service/order.ts
created internal/service/order-v2.ts
updated internal/server/services.ts
updated cmd/shop/wire.ts
`);
  expect(typecheck(cwd)).toBe("");
}, 60_000);

test("a second run changes no byte, whatever the user did to the class", async () => {
  const cwd = await makeProject();
  await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd });
  await runCli(["proto", "server", "api/order/v1/order.proto"], { cwd });
  const path = join(cwd, "internal/service/order.ts");
  await writeFile(path, (await readFile(path, "utf8")).replace("_request", "  mine"));
  const before = await snapshot(cwd);
  const { code, stdout } = await runCli(["proto", "server", "api/order/v1/order.proto"], { cwd });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "kept internal/service/order.ts\n" });
  expect(await snapshot(cwd)).toEqual(before);
});

test("makes the folder that --target-dir names", async () => {
  const cwd = await makeProject();
  await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd });
  const args = ["proto", "server", "api/order/v1/order.proto", "-t", "internal/handler/deep"];
  const { code, stdout } = await runCli(args, { cwd });
  expect(code).toBe(0);
  expect(stdout).toContain("created internal/handler/deep/order.ts\n");
  expect(await readFile(join(cwd, "cmd/shop/wire.ts"), "utf8")).toContain(
    'import { OrderService } from "../../internal/handler/deep/order.ts";',
  );
  expect(await readFile(join(cwd, "internal/handler/deep/order.ts"), "utf8")).toContain(
    'from "../../../api/order/v1/order_grpc.ts";',
  );
});

test("a class that the user has renamed is registered by its name", async () => {
  const cwd = await makeProject();
  await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd });
  await runCli(["proto", "client", "api/order/v1"], { cwd });
  const registered = ["internal/server/services.ts", "cmd/shop/wire.ts"];
  const before = await Promise.all(registered.map((path) => readFile(join(cwd, path), "utf8")));
  await runCli(["proto", "server", "api/order/v1/order.proto"], { cwd });
  const path = join(cwd, "internal/service/order.ts");
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace("class OrderService", "class Orders"));
  for (const [index, each] of registered.entries())
    await write(cwd, { [each]: before[index] ?? "" });

  const result = await runCli(["proto", "server", "api/order/v1/order.proto"], { cwd });
  expect(result).toMatchObject({ code: 0, stderr: "" });
  expect(typecheck(cwd)).toBe("");
}, 60_000);

test("a service that the user has registered under another name is left as it is", async () => {
  const cwd = await makeProject();
  await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd });
  await runCli(["proto", "server", "api/order/v1/order.proto"], { cwd });
  for (const path of ["internal/server/services.ts", "cmd/shop/wire.ts"]) {
    const text = await readFile(join(cwd, path), "utf8");
    await write(cwd, { [path]: text.replaceAll(/\border(?=[:)])/g, "orders") });
  }
  const before = await snapshot(cwd);
  const { code, stdout } = await runCli(["proto", "server", "api/order/v1/order.proto"], { cwd });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "kept internal/service/order.ts\n" });
  expect(await snapshot(cwd)).toEqual(before);
});

test("services of one name whose classes lie in two folders live side by side", async () => {
  const cwd = await makeProject();
  for (const [version, folder] of [
    ["v1", "service"],
    ["v2", "handler"],
  ] as const) {
    const proto = `api/order/${version}/order.proto`;
    await runCli(["proto", "add", proto], { cwd });
    await runCli(["proto", "client", `api/order/${version}`], { cwd });
    const args = ["proto", "server", proto, "-t", `internal/${folder}`];
    const { code, stdout } = await runCli(args, { cwd });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `created internal/${folder}/order.ts\nupdated internal/server/services.ts\nupdated cmd/shop/wire.ts\n`,
    });
  }
  expect(typecheck(cwd)).toBe("");
}, 60_000);

test.for([["api"], [".."]] as const)("finds the project's folder from %s", async ([from]) => {
  const cwd = await makeProject();
  await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd });
  const path = relative(join(cwd, from), join(cwd, "api/order/v1/order.proto"));
  const result = await runCli(["proto", "server", path], { cwd: join(cwd, from) });
  expect(result.code).toBe(0);
  expect(await readdir(join(cwd, "internal/service"))).toContain("order.ts");
});

test("services of one name in two versions live side by side", async () => {
  const cwd = await makeProject();
  for (const version of ["v1", "v2"]) {
    await runCli(["proto", "add", `api/order/${version}/order.proto`], { cwd });
    await runCli(["proto", "client", `api/order/${version}`], { cwd });
    const result = await runCli(["proto", "server", `api/order/${version}/order.proto`], { cwd });
    expect(result).toMatchObject({ code: 0, stderr: "" });
  }
  expect(await readdir(join(cwd, "internal/service"))).toEqual(
    expect.arrayContaining(["order.ts", "order-v2.ts"]),
  );
  expect(typecheck(cwd)).toBe("");
}, 60_000);

test("says what to add by hand where it finds no place, and fails", async () => {
  const cwd = await makeProject();
  await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd });
  await write(cwd, { "internal/server/services.ts": "export type Services = object;\n" });
  const { code, stderr } = await runCli(["proto", "server", "api/order/v1/order.proto"], { cwd });
  expect(code).toBe(1);
  expect(stderr).toContain(
    "  internal/server/services.ts: add `readonly order: OrderService;` to interface Services\n" +
      "  internal/server/services.ts: add `registerOrderServiceHttpServer(router, services.order);` to function registerHttpServices\n",
  );
  expect(await readdir(join(cwd, "internal/service"))).toContain("order.ts");
});

test("a project of another layout gets the class and a note", async () => {
  const cwd = await temporaryFolder();
  await write(cwd, { "package.json": "{}" });
  await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd });
  const { code, stdout, stderr } = await runCli(
    ["proto", "server", "api/order/v1/order.proto", "-t", "src"],
    { cwd },
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: "created src/order.ts\n" });
  expect(stderr).toBe(
    "note: its code is not generated yet, run `kratos-ts proto client api/order/v1/order.proto`\n" +
      "note: there is no internal/server/services.ts, so register OrderService where your servers are made\n",
  );
});

test("writes nothing when a file of the user's cannot be read as TypeScript", async () => {
  const cwd = await makeProject();
  await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd });
  await write(cwd, { "cmd/shop/wire.ts": "const services: Services = {\n" });
  const before = await snapshot(cwd);
  const { code, stderr } = await runCli(["proto", "server", "api/order/v1/order.proto"], { cwd });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error\[SOURCE_INVALID\]: .*cmd\/shop\/wire\.ts:\d+:\d+: /);
  expect(await snapshot(cwd)).toEqual(before);
});

test.for([
  [
    "a missing file",
    "api/none.proto",
    {},
    '^error\\[FILE_NOT_FOUND\\]: "api/none.proto" does not exist\nhint: make it with `kratos-ts proto add api/none.proto`\n$',
  ],
  [
    "a proto without a service",
    "api/a/v1/a.proto",
    { "api/a/v1/a.proto": 'syntax = "proto3";\n\npackage a.v1;\n' },
    '^error\\[GENERATION_FAILED\\]: "api/a/v1/a.proto" has no service with a method',
  ],
  [
    "a syntax error",
    "api/a/v1/a.proto",
    { "api/a/v1/a.proto": 'syntax = "proto3";\n\npackage a.v1\n' },
    "^api/a/v1/a.proto:3:\\d+: error: .*\n1 error, nothing was written\n$",
  ],
  [
    "a file outside of the modules",
    "other/a.proto",
    { "other/a.proto": 'syntax = "proto3";\n' },
    '^error\\[FILE_NOT_FOUND\\]: "other/a.proto" lies in none of "api", "internal", "third_party"\nhint: move it there',
  ],
  [
    "what proto client refuses",
    "api/a/v1/a.proto",
    {
      "api/a/v1/a.proto":
        'syntax = "proto3";\n\npackage a.v1;\n\nimport "errors/errors.proto";\n\nservice A {\n  rpc Do(M) returns (M);\n}\n\nmessage M {}\n\nenum Reason {\n  option (errors.default_code) = 7;\n  NONE = 0;\n}\n',
    },
    "^api/a/v1/a.proto:14:\\d+: error: .*\\b7\\b",
  ],
] as const)("refuses %s", async ([, path, files, message]) => {
  const cwd = await makeProject();
  await write(cwd, files);
  const before = await snapshot(cwd);
  const { code, stdout, stderr } = await runCli(["proto", "server", path], { cwd });
  expect(stdout).toBe("");
  expect(stderr).toMatch(new RegExp(message));
  expect(code).toBeGreaterThan(0);
  expect(await snapshot(cwd)).toEqual(before);
});
