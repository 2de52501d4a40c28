import {
  envSource,
  fileSource,
  isConfigError,
  loadConfig,
  type StandardSchema,
} from "@kratos-ts/runtime/config";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

const anything = z.record(z.string(), z.unknown());

async function makeFolder(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "config-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await Promise.all(
    Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)),
  );
  return folder;
}

async function load(
  folder: string,
  environment: Readonly<Record<string, string | undefined>> = {},
  schema: StandardSchema<unknown> = anything,
): Promise<unknown> {
  const config = await loadConfig({ sources: [fileSource(folder)], schema, environment });
  return config.value;
}

async function problemsOf(folder: string): Promise<string> {
  const error: unknown = await load(folder).catch((e: unknown) => e);
  if (!isConfigError(error)) throw error;
  return error.message.replaceAll(`${folder}/`, "");
}

const bomb = Array.from(
  { length: 9 },
  (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}, *a${i}]`,
);

test.for<[what: string, file: string, text: string | Buffer, problem: string]>([
  [
    "invalid UTF-8",
    "a.yaml",
    Buffer.from("a: 1\nb: \xff\n", "latin1"),
    "a.yaml:2: not valid UTF-8",
  ],
  ["UTF-16", "a.yaml", Buffer.from("\ufeffa: 1\n", "utf16le"), "a.yaml:1: not valid UTF-8"],
  [
    "an alias without its anchor",
    "a.yaml",
    "a: 1\nb: [*c]",
    'a.yaml:2:5: not valid YAML: "*c" has no anchor "&c" before it',
  ],
  [
    "a merge of a number",
    "a.yaml",
    "a: {<<: 5}",
    'a.yaml:1:5: not valid YAML: "<<" takes a mapping',
  ],
  [
    "a bomb of aliases",
    "a.yaml",
    ["a0: &a0 [x]", ...bomb].join("\n"),
    "a.yaml: not valid YAML: excessive alias count",
  ],
  [
    "an alias inside its anchor",
    "a.yaml",
    "a: &a [*a]",
    "a.yaml: an alias stands inside its own anchor",
  ],
  [
    "nesting without an end",
    "a.yaml",
    `a: ${"[".repeat(2000)}${"]".repeat(2000)}`,
    "not valid YAML: it is nested too deep",
  ],
  [
    "nesting without an end",
    "a.json",
    `{"a":${"[".repeat(2000)}${"]".repeat(2000)}}`,
    "not valid JSON: it is nested too deep",
  ],
  [
    "a trailing comma",
    "a.json",
    '{\n  "a": 1,\n}',
    "a.json:3:1: not valid JSON: Expected double-quoted property name",
  ],
  [
    "a key twice",
    "a.json",
    '{"a":1,"a":2}',
    "a.json:1:8: not valid JSON: the key stands here a second time",
  ],
])("%s in %s is refused", async ([, file, text, problem]) => {
  expect(await problemsOf(await makeFolder({ [file]: text }))).toContain(problem);
});

test("a link in a folder that leads nowhere is named", async () => {
  const folder = await makeFolder({ "a.yaml": "a: 1" });
  await symlink(join(folder, "gone.yaml"), join(folder, "b.yaml"));
  expect(await problemsOf(folder)).toMatch(/^b\.yaml: no such file or directory/);
});

test.for(["constructor", "toString", "__proto__", "hasOwnProperty"])(
  "a placeholder does not find what all objects have: %s",
  async (name) => {
    const folder = await makeFolder({ "a.yaml": `a: \${${name}:default}` });
    expect(await load(folder)).toEqual({ a: "default" });
    expect(await load(folder, process.env)).toEqual({ a: "default" });
  },
);

test("placeholders that double with each step are resolved", async () => {
  const lines = Array.from({ length: 20 }, (_, i) => `k${i}: \${k${i + 1}}\${k${i + 1}}`);
  const folder = await makeFolder({ "a.yaml": [...lines, "k20: x"].join("\n") });
  expect(await load(folder)).toMatchObject({ k0: "x".repeat(2 ** 20), k19: "xx" });
});

test.for([
  [
    "a long chain",
    Array.from({ length: 200 }, (_, i) => `k${i}: \${k${i + 1}}`).join("\n"),
    'a.yaml:1:1: k0: "${k101}" is more than 100 placeholders away',
  ],
  [
    "deep defaults",
    `a: ${"${x:".repeat(20_000)}${"}".repeat(20_000)}`,
    "a.yaml:1:1: a: placeholders are nested too deep",
  ],
] as const)("%s of placeholders is a problem with its place", async ([, text, problem]) => {
  expect(await problemsOf(await makeFolder({ "a.yaml": text }))).toContain(problem);
});

test("an environment of thousands of variables nests, overrides and is read as it stands", async () => {
  const services = Object.fromEntries(
    Array.from({ length: 5000 }, (_, i) => [`SERVICE_${i}_PORT`, "1"]),
  );
  const environment = {
    ...services,
    "a.b": "1",
    "a.c": "2",
    d: "3",
    "d.e": "4",
    "f.g": "5",
    f: "6",
  };
  const schema = z.strictObject({
    a: z.strictObject({ b: z.string(), c: z.string() }),
    d: z.strictObject({ e: z.string() }),
    f: z.string(),
  });
  const { value } = await loadConfig({ sources: [envSource([], environment)], schema });
  expect(value).toEqual({ a: { b: "1", c: "2" }, d: { e: "4" }, f: "6" });
});
