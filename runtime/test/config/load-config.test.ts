import {
  type ConfigError,
  type ConfigSource,
  envSource,
  fileSource,
  isConfigError,
  loadConfig,
  type StandardSchema,
} from "@kratos-ts/runtime/config";
import { mkdtemp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "config-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Writes files into the folder, and gives the folder. */
async function write(files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

const anything = z.record(z.string(), z.unknown());

async function load(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
  schema: StandardSchema<unknown> = anything,
): Promise<unknown> {
  const sources = [fileSource(await write(files))];
  return (await loadConfig({ sources, schema, environment })).value;
}

/** What is wrong, with the folder's name taken out of the way. */
async function problemsOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.catch((e: unknown) => e);
  if (!isConfigError(error)) throw error;
  return error.message.replaceAll(`${folder}/`, "");
}

const server = z.strictObject({
  addr: z.string().default(":8000"),
  timeout: z.number().int().optional(),
});
const bootstrap = z.strictObject({
  server: z.strictObject({ http: server.optional(), grpc: server.optional() }),
  tags: z.array(z.strictObject({ name: z.string() })).default([]),
});

test("gives the value that the schema makes, with its type", async () => {
  await write({ "config.yaml": "server:\n  http:\n    timeout: 5\n" });
  const config = await loadConfig({
    sources: [fileSource(join(folder, "config.yaml"))],
    schema: bootstrap,
  });
  expect(config.value).toEqual({ server: { http: { addr: ":8000", timeout: 5 } }, tags: [] });
  expectTypeOf(config.value).toEqualTypeOf<z.output<typeof bootstrap>>();
  await expect(config.close()).resolves.toBeUndefined();
});

describe("a schema's complaints", () => {
  test("come all at once, with places, paths and hints", async () => {
    const text = [
      "server:",
      "  http:",
      "    adrr: :8000",
      "    timeout: soon",
      "  grcp: {}",
      "  something: 1",
      "tags:",
      "  - name: a",
      "  - nmae: b",
      "",
    ].join("\n");
    expect(await problemsOf(load({ "config.yaml": text }, {}, bootstrap))).toBe(
      [
        "6 problems:",
        'config.yaml:3:5: server.http.adrr: unknown key, did you mean "addr"?',
        "config.yaml:4:5: server.http.timeout: expected number, received string",
        'config.yaml:5:3: server.grcp: unknown key, did you mean "grpc"?',
        'config.yaml:6:3: server.something: unknown key, expected one of "http", "grpc"',
        "config.yaml:9:5: tags.1.name: is missing, expected string",
        'config.yaml:9:5: tags.1.nmae: unknown key, did you mean "name"?',
      ].join("\n"),
    );
  });

  test("name the file that said it last", async () => {
    const files = {
      "a.yaml": "server: {http: {timeout: x}}",
      "b.json": '{"server":\n{"http":{"timeout":"y"}}}',
    };
    expect(await problemsOf(load(files, {}, bootstrap))).toBe(
      "b.json:2:10: server.http.timeout: expected number, received string",
    );
  });

  test("name the nearest place there is for what is missing", async () => {
    expect(await problemsOf(load({ "config.yaml": "\ntags: []" }, {}, bootstrap))).toBe(
      "config.yaml: server: is missing, expected object",
    );
  });

  test("point at keys in the file's spelling where the schema has another", async () => {
    const schema: StandardSchema<unknown> = {
      "~standard": {
        version: 1,
        vendor: "own",
        validate: async () => ({
          issues: [{ message: "too short", path: ["data", { key: "maxIdleTime" }] }],
        }),
      },
    };
    const work = load({ "config.yaml": "data:\n  max_idle_time: 1" }, {}, schema);
    expect(await problemsOf(work)).toBe("config.yaml:2:3: data.max_idle_time: too short");
  });

  test.for([
    ["optional", z.object({ a: server.optional() })],
    ["nullable with a default", z.object({ a: server.nullable().default(null) })],
    ["lazy", z.object({ a: z.lazy(() => server) })],
    ["preprocessed", z.object({ a: z.preprocess((value) => value, server) })],
    ["piped", z.object({ a: server.transform((value) => value.addr) })],
    ["in a record", z.record(z.string(), server)],
    ["read-only", z.object({ a: server.readonly() })],
  ] as const)("have hints where the schema is %s", async ([, schema]) => {
    expect(await problemsOf(load({ "c.yaml": "a: {adr: x}" }, {}, schema))).toBe(
      'c.yaml:1:5: a.adr: unknown key, did you mean "addr"?',
    );
  });

  test("have no hint where the schema does not tell its keys", async () => {
    const schema = z.object({ a: z.union([server, z.number()]) });
    expect(await problemsOf(load({ "c.yaml": "a: {adr: x}" }, {}, schema))).toBe(
      "c.yaml:1:5: a.adr: unknown key",
    );
  });

  test("are there for people and for programs", async () => {
    const error = (await load({ "c.yaml": "server: {}\nx: 1" }, {}, bootstrap).catch(
      (e: unknown) => e,
    )) as ConfigError;
    expect(error.problems).toEqual([
      {
        path: "x",
        message: 'unknown key, expected one of "server", "tags"',
        file: join(folder, "c.yaml"),
        line: 2,
        column: 1,
      },
    ]);
  });
});

describe("files", () => {
  test("of a directory are merged by name; others, hidden ones and sub-directories are left alone", async () => {
    const files = {
      "a.yaml": "x: {a: 1, b: 1}\nlist: [1, 2]\ngone: {k: 1}",
      "b.yml": "x: {b: 2}\nlist: [3]\ngone: null",
      "c.json": '{"x": {"c": true}}',
      "README.md": "# not config",
      ".hidden.yaml": "x: hidden",
      "config.yaml~": "x: backup",
      "sub/d.yaml": "x: sub",
    };
    expect(await load(files)).toEqual({
      x: { a: 1, b: 2, c: true },
      list: [3],
      gone: null,
    });
  });

  test("may be links into hidden directories, as Kubernetes mounts them", async () => {
    await write({ "..data/config.yaml": "a: 1" });
    await symlink(join(folder, "..data/config.yaml"), join(folder, "config.yaml"));
    expect(await load({})).toEqual({ a: 1 });
  });

  test("may be empty, begin with a byte order mark, and use anchors", async () => {
    expect(await load({ "a.yaml": "", "b.json": " ", "c.yaml": "# only a comment" })).toEqual({});
    expect(await load({ "a.yaml": "\uFEFFa: 1" })).toEqual({ a: 1 });
    expect(await load({ "a.yaml": "base: &b {x: 1}\nuse:\n  <<: *b\n  y: 2" })).toEqual({
      base: { x: 1 },
      use: { x: 1, y: 2 },
    });
  });

  test("take __proto__ as a plain key", async () => {
    const asItIs: StandardSchema<unknown> = {
      "~standard": { version: 1, vendor: "own", validate: (value) => ({ value }) },
    };
    const files = { "a.yaml": "__proto__: {polluted: 1}", "b.yaml": "b: 1" };
    const value = (await load(files, {}, asItIs)) as object;
    expect(Object.keys(value)).toEqual(["__proto__", "b"]);
    expect({}).not.toHaveProperty("polluted");
  });

  test.for([
    ["a.yaml", "a: [1, 2", "a.yaml:1:9: not valid YAML: flow sequence in block collection must be"],
    ["a.yaml", "a: 1\nb:\n\t- 1", "a.yaml:3:1: not valid YAML: indent with spaces, not tabs"],
    ["a.yaml", "a: 1\na: 2", "a.yaml:2:1: not valid YAML: the key stands here a second time"],
    ["a.yaml", "a: 1\n---\nb: 1", "a.yaml:2:1: not valid YAML: a second document begins here"],
    ["a.yaml", "a: *none", "a.yaml:1:4: not valid YAML: "],
    ["a.yaml", "a: &a [*a]", "a.yaml: an alias stands inside its own anchor"],
    ["a.yaml", "- 1\n- 2", "a.yaml: expected a mapping of keys to values, got a list"],
    [
      "a.yaml",
      "just text",
      'a.yaml: expected a mapping of keys to values, got the string "just text"',
    ],
    ["a.json", '{"a": 1,}', "a.json:1:9: not valid JSON: "],
    ["a.json", '{"a": 1', "a.json:1:8: not valid JSON: "],
    ["a.json", "a: 1", "a.json: not valid JSON: "],
  ] as const)("%s with %j is refused with its place", async ([name, text, message]) => {
    expect(await problemsOf(load({ [name]: text }))).toContain(message);
  });

  test("are all read before any is complained about", async () => {
    const message = await problemsOf(load({ "a.yaml": "a: [", "b.yaml": "- 1" }));
    expect(message).toMatch(/^2 problems:\na\.yaml:1:\d: .*\nb\.yaml: expected a mapping/);
  });

  test("that do not exist are named, with where they were looked for", async () => {
    const sources = [fileSource("configs/none.yaml"), fileSource(join(folder, "other"))];
    const message = await problemsOf(loadConfig({ sources, schema: anything }));
    expect(message).toBe(
      [
        "2 problems:",
        `configs/none.yaml: no such file or directory, looked for it from "${process.cwd()}"`,
        `other: no such file or directory, looked for it from "${process.cwd()}"`,
      ].join("\n"),
    );
  });

  test("of an unknown format are refused when named directly", async () => {
    await write({ "config.toml": "a = 1" });
    const sources = [fileSource(join(folder, "config.toml"))];
    expect(await problemsOf(loadConfig({ sources, schema: anything }))).toBe(
      'config.toml: unknown format ".toml", name the file .yaml, .yml or .json',
    );
  });
});

describe("placeholders", () => {
  const environment = { HOST: "db.internal", PORT: "5432", EMPTY: "" };

  test.for([
    ["${HOST}", "db.internal"],
    ["${HOST:localhost}", "db.internal"],
    ["${NONE:localhost}", "localhost"],
    ["${ NONE : localhost }", "localhost"],
    ["${NONE:}", ""],
    ["${EMPTY:x}", ""],
    ["${NONE:http://a:80/b}", "http://a:80/b"],
    ["tcp://${HOST}:${PORT:1}/x", "tcp://db.internal:5432/x"],
    ["${NONE:${ALSO:${PORT}}}", "5432"],
    ['${NONE:{"a":{}}}', '{"a":{}}'],
    ["$HOST ${unclosed", "$HOST ${unclosed"],
    ["${app.name}", "orders"],
    ["${app.port}", 8000],
    ["${app.tls}", false],
    ["port ${app.port}", "port 8000"],
    ["${app.hosts.1}", "b"],
    ["${app.list}", ["orders", 1]],
    ["${app.later}", "orders-5432"],
    ["${nothing:x}", "x"],
  ] as const)("%j becomes %j", async ([text, want]) => {
    const tree = {
      value: text,
      nothing: null,
      app: {
        list: ["${app.name}", 1],
        later: "${app.name}-${PORT}",
        name: "orders",
        port: 8000,
        tls: false,
        hosts: ["a", "b"],
      },
    };
    expect(await load({ "a.json": JSON.stringify(tree) }, environment)).toMatchObject({
      value: want,
    });
  });

  test("are filled in within lists and mappings, after everything is merged", async () => {
    const files = { "a.yaml": 'list: [{x: "${name}"}, ["${name}"]]\nname: a', "b.yaml": "name: b" };
    expect(await load(files)).toMatchObject({ list: [{ x: "b" }, ["b"]] });
  });

  test("prefer the configuration to the environment", async () => {
    expect(await load({ "a.yaml": "HOST: own\nx: ${HOST}" }, environment)).toMatchObject({
      x: "own",
    });
  });

  test.for([
    [
      "a: ${DB_URL}",
      'a.yaml:1:1: a: "${DB_URL}" has no value, set the environment variable "DB_URL" or give a default as in "${DB_URL:value}"',
    ],
    ["a: ${b}\nb: ${a}", 'a.yaml:1:1: a: "${b}" leads back to itself: b → a → b'],
    ["a:\n  b: ${a}", 'a.yaml:2:3: a.b: "${a}" leads back to itself: a → a'],
    ["a: x${b}\nb: [1]", 'a.yaml:1:1: a: "${b}" is not a single value, and cannot stand in text'],
  ] as const)("%j is a problem with a place", async ([text, message]) => {
    expect(await problemsOf(load({ "a.yaml": text }))).toContain(message);
  });

  test("without a value are one problem, not another one of the schema", async () => {
    const files = { "a.yaml": "server: {http: {timeout: '${TIMEOUT}', adrr: x}}" };
    const message = await problemsOf(load(files, {}, bootstrap));
    expect(message).toMatch(/^2 problems:\n.*"\$\{TIMEOUT\}" has no value.*\n.*server\.http\.adrr/);
  });
});

describe("envSource", () => {
  async function fromEnv(
    prefixes: readonly string[],
    variables: Readonly<Record<string, string>>,
  ): Promise<unknown> {
    const sources = [envSource(prefixes, variables)];
    return (await loadConfig({ sources, schema: anything })).value;
  }

  test.for([
    [[], { PORT: "1", "a.b": "2", "a.c": "3" }, { PORT: "1", a: { b: "2", c: "3" } }],
    [["APP"], { APP_PORT: "1", APPX: "2", APP: "3", APP_: "4", OTHER: "5" }, { PORT: "1", X: "2" }],
    [["APP_"], { APP_PORT: "1", APP__X: "2" }, { PORT: "1", X: "2" }],
    [["A", "AB"], { AB_X: "1" }, { B_X: "1" }],
  ] as const)("prefixes %j", async ([prefixes, variables, want]) => {
    expect(await fromEnv(prefixes, variables)).toEqual(want);
  });

  test("overrides files, and serves their placeholders", async () => {
    const path = await write({ "a.yaml": "server: {http: {addr: '${HOST:x}:80'}}" });
    const config = await loadConfig({
      sources: [
        fileSource(path),
        envSource(["APP"], { APP_HOST: "h", "APP_server.grpc.addr": ":1" }),
      ],
      schema: bootstrap,
      environment: {},
    });
    expect(config.value.server).toEqual({ http: { addr: "h:80" }, grpc: { addr: ":1" } });
  });

  test("may hold what no schema knows; a typo in a file stays a problem", async () => {
    const path = await write({ "a.yaml": "server: {}\ntagz: []" });
    const sources = [fileSource(path), envSource([], { PATH: "/bin", tagz: "x", "server.x": "y" })];
    expect(await problemsOf(loadConfig({ sources, schema: bootstrap }))).toBe(
      'environment variable "tagz": tagz: unknown key, did you mean "tags"?',
    );
  });

  test("is named by its variable when a value is wrong", async () => {
    const sources = [envSource(["APP"], { "APP_server.http": "text" })];
    expect(await problemsOf(loadConfig({ sources, schema: bootstrap }))).toBe(
      'environment variable "APP_server.http": server.http: expected object, received string',
    );
  });

  test("reads the process's own environment by default", async () => {
    const config = await loadConfig({ sources: [envSource()], schema: anything });
    expect(config.value["PATH"]).toBe(process.env["PATH"]);
  });
});

describe("sources", () => {
  function source(name: string, events: string[], failure?: Error): ConfigSource {
    return {
      name,
      load: () => (failure ? Promise.reject(failure) : Promise.resolve([])),
      close: async () => void events.push(`close ${name}`),
    };
  }

  test("are closed with the config", async () => {
    const events: string[] = [];
    const config = await loadConfig({ sources: [source("a", events)], schema: anything });
    expect(events).toEqual([]);
    await config.close();
    expect(events).toEqual(["close a"]);
  });

  test("are closed when loading fails, whose error is passed on", async () => {
    const events: string[] = [];
    const failure = new Error("no connection");
    const sources = [source("a", events), source("b", events, failure)];
    await expect(loadConfig({ sources, schema: anything })).rejects.toBe(failure);
    expect(events).toEqual(["close a", "close b"]);
  });
});

test("a schema of another library works as well", async () => {
  const schema: StandardSchema<{ readonly port: number }> = {
    "~standard": {
      version: 1,
      vendor: "own",
      validate: (value) =>
        Promise.resolve(
          typeof value === "object" && value !== null && "port" in value
            ? { value: { port: Number(value.port) } }
            : { issues: [{ message: "port?", path: [{ key: "port" }] }] },
        ),
    },
  };
  expect(await load({ "a.yaml": "port: '80'" }, {}, schema)).toEqual({ port: 80 });
  expect(await problemsOf(load({ "a.yaml": "prot: 80" }, {}, schema))).toBe("a.yaml: port: port?");
});
