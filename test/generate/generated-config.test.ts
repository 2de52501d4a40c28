import { describe, expect, test } from "vitest";
import {
  bootstrapSchema,
  everythingSchema,
  serverSchema,
  treeSchema,
  type Bootstrap,
} from "../../fixtures/golden/config/want/internal/conf/conf_config.ts";

describe("a generated configuration schema", () => {
  test("fills in what is absent with the proto's defaults", () => {
    const bootstrap: Bootstrap = bootstrapSchema.parse({});

    expect(bootstrap.server).toStrictEqual({
      http: { network: "", addr: "", maxBodyBytes: 0 },
      grpc: { network: "", addr: "", maxBodyBytes: 0 },
    });
    expect(bootstrap.server.tls).toBeUndefined();
    expect(bootstrap.sharedTls).toStrictEqual({ certFile: "", keyFile: "" });
    expect(bootstrap.everything).toStrictEqual({
      text: "",
      flag: false,
      i32: 0,
      u32: 0,
      i64: 0,
      u64: 0,
      snowflake: "0",
      ratio: 0,
      secret: new Uint8Array(0),
      level: "LEVEL_INFO",
      labels: {},
      list: [],
      empty: {},
      hosts: [],
      delays: [],
      levels: [],
      listeners: {},
      ports: {},
      byFlag: {},
      renamed: "",
      tree: { name: "", children: [] },
    });
  });

  test("reads a key without a value as absent", () => {
    expect(
      bootstrapSchema.parse({ server: null, everything: { text: null, hosts: null } }),
    ).toEqual(bootstrapSchema.parse({}));
  });

  test("takes keys as the proto spells them, in camel case and by json_name", () => {
    const snake = serverSchema.parse({ http: { max_body_bytes: 5 } });

    expect(serverSchema.parse({ http: { maxBodyBytes: 5 } })).toEqual(snake);
    expect(snake.http.maxBodyBytes).toBe(5);
    expect(everythingSchema.parse({ alias: "x" }).renamed).toBe("x");
    expect(everythingSchema.parse({ renamed: "x" }).renamed).toBe("x");
  });

  test("fills a message that holds itself no further than it is written", () => {
    expect(treeSchema.parse({ parent: { parent: {} }, children: [{ name: "a" }] })).toStrictEqual({
      name: "",
      parent: { name: "", parent: { name: "", children: [] }, children: [] },
      children: [{ name: "a", children: [] }],
    });
  });

  test.for<[field: string, value: unknown, expected: unknown]>([
    ["text", "a", "a"],
    ["flag", true, true],
    ["flag", "true", true],
    ["flag", "false", false],
    ["i32", -5, -5],
    ["i32", "8000", 8000],
    ["u32", 4_294_967_295, 4_294_967_295],
    ["i64", "-12", -12],
    ["u64", 2 ** 53 - 1, 2 ** 53 - 1],
    ["snowflake", "9223372036854775807", "9223372036854775807"],
    ["snowflake", 5, "5"],
    ["ratio", "0.5", 0.5],
    ["secret", "AQID", new Uint8Array([1, 2, 3])],
    ["level", "LEVEL_DEBUG", "LEVEL_DEBUG"],
    ["maybe", 0, 0],
    ["since", "2025-01-31T08:00:00Z", new Date(Date.UTC(2025, 0, 31, 8))],
    ["wrapped", 7, 7],
    ["labels", { a: [1, { b: null }] }, { a: [1, { b: null }] }],
    ["anything", [1, "two"], [1, "two"]],
    ["list", [1, "two"], [1, "two"]],
    ["empty", {}, {}],
    ["hosts", ["a", "b"], ["a", "b"]],
    ["delays", ["1s", "1m30s"], [1000, 90_000]],
    ["levels", ["LEVEL_INFO"], ["LEVEL_INFO"]],
    ["listeners", { a: { addr: ":1" } }, { a: { network: "", addr: ":1", maxBodyBytes: 0 } }],
    ["ports", { 80: true, "-1": "false" }, { 80: true, "-1": false }],
    ["byFlag", { true: "LEVEL_DEBUG" }, { true: "LEVEL_DEBUG" }],
    ["filePath", "/tmp/x", "/tmp/x"],
  ])("reads %s from %j", ([field, value, expected]) => {
    const parsed = everythingSchema.parse({ [field]: value });

    expect(parsed[field as keyof typeof parsed]).toStrictEqual(expected);
  });

  test.for<[field: string, value: unknown, path: string, message: string | RegExp]>([
    ["text", 5, "text", /expected string/],
    ["txet", 5, "txet", 'unknown key, did you mean "text"?'],
    ["by-flag", {}, "by-flag", 'unknown key, did you mean "by_flag"?'],
    ["flag", "yes", "flag", /expected boolean/],
    ["i32", 1.5, "i32", /expected int/],
    ["i32", 2 ** 31, "i32", /Too big/],
    ["u32", -1, "u32", /Too small/],
    ["i64", 2 ** 53, "i64", /Too big/],
    ["u64", -1, "u64", /Too small/],
    ["snowflake", "1.5", "snowflake", /pattern/],
    ["secret", "no base64!", "secret", "expected base64 text, got other text"],
    ["level", "DEBUG", "level", /expected one of "LEVEL_INFO"|"LEVEL_DEBUG"/],
    ["since", "yesterday", "since", /expected a time such as/],
    ["empty", { a: 1 }, "empty.a", "unknown key, this message has no fields"],
    ["hosts", "a", "hosts", /expected array/],
    ["delays", ["1s", "soon"], "delays.1", /got "soon"/],
    ["listeners", { a: { adr: "" } }, "listeners.a.adr", 'unknown key, did you mean "addr"?'],
    ["ports", { http: true }, "ports.http", /Invalid key/],
    ["tree", [], "tree", /expected object/],
  ])("refuses %s: %j", ([field, value, path, message]) => {
    const { error } = everythingSchema.safeParse({ [field]: value });

    const issues = error?.issues.map((issue) => ({ ...issue, path: issue.path.join(".") }));
    expect(issues).toHaveLength(1);
    expect(issues?.[0]?.path).toBe(path);
    expect(issues?.[0]?.message).toMatch(message);
  });

  test("refuses two fields of one oneof, and one field under two spellings", () => {
    const oneof = everythingSchema.safeParse({ file_path: "x", remote: {} });
    expect(oneof.error?.issues).toMatchObject([
      { path: ["remote"], message: 'excludes "file_path", give only one of them' },
    ]);
    const twice = everythingSchema.safeParse({ file_path: "x", filePath: "y" });
    expect(twice.error?.issues).toMatchObject([
      { path: ["filePath"], message: 'the same as "file_path", give only one of them' },
    ]);
  });

  test("tells all problems at once, each with its path", () => {
    const { error } = bootstrapSchema.safeParse({
      servr: {},
      server: { http: { adrr: ":1", timeout: 5, network: 4 } },
    });

    expect(error?.issues.map(({ path }) => path.join("."))).toEqual([
      "servr",
      "server.http.adrr",
      "server.http.network",
      "server.http.timeout",
    ]);
  });
});
