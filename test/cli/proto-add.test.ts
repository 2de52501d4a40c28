import { execFileSync } from "node:child_process";
import { chmod, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findBufBinary } from "../../src/buf/buf-binary.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { runCli } from "./cli-process.ts";

async function makeProject(): Promise<string> {
  const cwd = await temporaryFolder();
  await runCli(["new", "shop", "--no-install"], { cwd });
  return join(cwd, "shop");
}

async function makeFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return folder;
}

const buf = (cwd: string, ...args: string[]): string =>
  execFileSync(findBufBinary(), args, { cwd, encoding: "utf8" });

test("writes a service and its error reasons, and says how to go on", async () => {
  const cwd = await makeProject();
  const { code, stdout, stderr } = await runCli(["proto", "add", "api/order/v1/order.proto"], {
    cwd,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(`created api/order/v1/order.proto
created api/order/v1/error_reason.proto

next, generate its code and write its service:
  $ npx kratos-ts proto client api
  $ npx kratos-ts proto server api/order/v1/order.proto
`);
  const proto = await readFile(join(cwd, "api/order/v1/order.proto"), "utf8");
  expect(proto).toContain("package order.v1;");
  expect(proto).toContain("service OrderService {");
  expect(proto.match(/rpc \w+/g)).toEqual([
    "rpc CreateOrder",
    "rpc GetOrder",
    "rpc ListOrders",
    "rpc UpdateOrder",
    "rpc DeleteOrder",
  ]);
  expect(proto.match(/(post|get|put|delete): "[^"]+"/g)).toEqual([
    'post: "/v1/orders"',
    'get: "/v1/orders/{order_id}"',
    'get: "/v1/orders"',
    'put: "/v1/orders/{order_id}"',
    'delete: "/v1/orders/{order_id}"',
  ]);
  const reasons = await readFile(join(cwd, "api/order/v1/error_reason.proto"), "utf8");
  expect(reasons).toContain("ORDER_NOT_FOUND = 1 [(errors.code) = 404];");
});

test("what it writes is as buf wants it", async () => {
  const cwd = await makeProject();
  for (const path of [
    "api/order/v1/order.proto",
    "api/shop/v2beta1/order_category_service.proto",
    "api/big/data/v1/metadata.proto",
  ]) {
    expect(await runCli(["proto", "add", path], { cwd })).toMatchObject({ code: 0, stderr: "" });
  }
  expect(buf(cwd, "lint")).toBe("");
  expect(buf(cwd, "format", "--diff", "api")).toBe("");
});

test("names are made as Kratos makes them", async () => {
  const cwd = await makeProject();
  await runCli(["proto", "add", "api/a/v1/hello_world.proto"], { cwd });
  await runCli(["proto", "add", "api/b/v1/www_Google_com.proto"], { cwd });
  const first = await readFile(join(cwd, "api/a/v1/hello_world.proto"), "utf8");
  expect(first).toContain("service HelloWorldService {");
  expect(first).toContain("rpc ListHelloWorlds(");
  const second = await readFile(join(cwd, "api/b/v1/www_Google_com.proto"), "utf8");
  expect(second).toContain("service WwwGoogleComService {");
});

test("a folder that defines ErrorReason gets no second one", async () => {
  const cwd = await makeProject();
  await mkdir(join(cwd, "api/order/v1"), { recursive: true });
  await writeFile(join(cwd, "api/order/v1/error.proto"), "enum ErrorReason {\n}\n");
  const { stdout } = await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd });
  expect(stdout).not.toContain("error_reason.proto");
});

test("works below the project, and without buf.yaml", async () => {
  const cwd = await makeProject();
  const below = await runCli(["proto", "add", "stock/v1/stock.proto"], { cwd: join(cwd, "api") });
  expect(below).toMatchObject({ code: 0, stderr: "" });
  expect(await readFile(join(cwd, "api/stock/v1/stock.proto"), "utf8")).toContain(
    "package stock.v1;",
  );

  const bare = await temporaryFolder();
  await writeFile(join(bare, "package.json"), "{}");
  expect(await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd: bare })).toMatchObject({
    code: 0,
  });
  expect(await readFile(join(bare, "api/order/v1/order.proto"), "utf8")).toContain(
    "package order.v1;",
  );
});

test("names the root to generate from as seen from the working directory", async () => {
  const cwd = await makeProject();
  const inside = await runCli(["proto", "add", "v1/stock.proto"], {
    cwd: await makeFolder(join(cwd, "api/stock")),
  });
  expect(inside.stdout).toContain(
    "  $ npx kratos-ts proto client ..\n  $ npx kratos-ts proto server v1/stock.proto\n",
  );
  const other = await runCli(["proto", "add", "internal/job/v1/job.proto"], { cwd });
  expect(other.stdout).toContain("  $ npx kratos-ts proto client internal\n");
});

test("names that buf lint dislikes are written with a note", async () => {
  const cwd = await makeProject();
  const { code, stderr } = await runCli(["proto", "add", "api/order/orderItem.proto"], { cwd });
  expect(code).toBe(0);
  expect(stderr).toBe(
    'note: buf lint wants a version at the end of a package, such as "order.v1"\n' +
      'note: buf lint wants file names in lower_snake_case, such as "order_item.proto"\n',
  );
});

test.for([
  ["api/order/v1/order__item.proto", "order_item.proto"],
  ["api/order/v1/order_.proto", "order.proto"],
  ["api/v1/order.proto", "a version at the end of a package"],
] as const)("%s gets a note", async ([path, better]) => {
  const cwd = await makeProject();
  const { code, stderr } = await runCli(["proto", "add", path], { cwd });
  expect(code).toBe(0);
  expect(stderr).toContain(better);
});

describe("refuses", () => {
  test("to overwrite a file", async () => {
    const cwd = await makeProject();
    await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd });
    await writeFile(join(cwd, "api/order/v1/order.proto"), "mine");
    const second = await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd });
    expect(second).toEqual({
      code: 1,
      stdout: "",
      stderr:
        'error[FILE_EXISTS]: "api/order/v1/order.proto" exists already\nhint: edit it, or choose another name\n',
    });
    expect(await readFile(join(cwd, "api/order/v1/order.proto"), "utf8")).toBe("mine");
  });

  test.for([
    [
      "api/order/v1/order",
      2,
      "does not end in .proto\nhint: kratos-ts proto add api/order/v1/order.proto",
    ],
    [
      "api/order.proto",
      2,
      "lies in no folder that could name its package\nhint: kratos-ts proto add api/order/v1/order.proto",
    ],
    [
      "order/v1/order.proto",
      2,
      "lies in no module of buf.yaml\nhint: use one of api, internal, such as `kratos-ts proto add api/order/v1/order.proto`",
    ],
    ["api/Order/v1/order.proto", 2, '"Order" cannot be part of a package'],
    ["api/message/v1/order.proto", 2, '"message" is a keyword of protobuf'],
    [
      "api/order/v1/order-item.proto",
      2,
      '"order-item.proto" cannot name a service: use letters, digits and _, such as "order_item.proto"',
    ],
    ["api/order/", 2, "hint: kratos-ts proto add api/order/v1/order.proto"],
    [
      "api/order/v1/error_reason.proto",
      2,
      '"error_reason.proto" is kept for the reasons of errors',
    ],
    ["api/order/v1/.proto", 2, '".proto" cannot name a service'],
    ["api/order/v1/1st.proto", 2, '"1st.proto" cannot name a service'],
  ] as const)("%s with exit code %i", async ([path, code, message]) => {
    const cwd = await makeProject();
    const before = await readdir(join(cwd, "api"), { recursive: true });
    const result = await runCli(["proto", "add", path], { cwd });
    expect(result).toMatchObject({ code, stdout: "" });
    expect(result.stderr).toContain(message);
    expect(await readdir(join(cwd, "api"), { recursive: true })).toEqual(before);
  });

  test("to write outside of a project", async () => {
    const cwd = await temporaryFolder();
    const result = await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd });
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain(
      `"${cwd}/api/order/v1" lies in no project\nhint: make one with`,
    );
    expect(await readdir(cwd)).toEqual([]);
  });

  test("a contract inside a service whose contracts are the outer project's", async () => {
    const cwd = await makeProject();
    await runCli(["new", "app/bill", "--nomod", "--no-install"], { cwd });
    const service = join(cwd, "app/bill");
    const result = await runCli(["proto", "add", "api/bill/v1/bill.proto"], { cwd: service });
    expect(result).toMatchObject({ code: 2, stdout: "" });
    const place = "../../api/bill/v1/bill.proto";
    expect(result.stderr).toContain(
      `hint: contracts belong to the project around this service: \`kratos-ts proto add ${place}\`\n`,
    );
    const there = await runCli(["proto", "add", place], { cwd: service });
    expect(there).toMatchObject({ code: 0, stderr: "" });
    expect(there.stdout).toContain("  $ npx kratos-ts proto client ../../api\n");
  });

  test("a place where it may not write, which it names", async ({ skip }) => {
    const cwd = await makeProject();
    skip(process.getuid?.() === 0, "root may write everywhere");
    await chmod(join(cwd, "api"), 0o500);
    const { code, stderr } = await runCli(["proto", "add", "api/order/v1/order.proto"], { cwd });
    await chmod(join(cwd, "api"), 0o700);
    expect(code).toBe(1);
    expect(stderr).toContain(`error[WRITE_FAILED]: cannot write "${cwd}/api/order/v1"`);
  });
});
