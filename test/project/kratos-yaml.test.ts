import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isCliError } from "../../src/cli-error.ts";
import { type KratosConfig, readKratosYaml } from "../../src/project/kratos-yaml.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const defaults: KratosConfig = {
  proto: { importRoots: [] },
  http: { unboundMethods: false, allowGetBody: false },
};

test("a project without the file has all defaults", async () => {
  expect(readKratosYaml(await temporaryFolder())).toEqual(defaults);
});

test.for<[what: string, text: string]>([
  ["comments alone", "# http:\n#   unboundMethods: true\n"],
  ["a section without keys", "http:\n  # unboundMethods: true\nproto: {}\n"],
  ["a document that only begins", "---\n"],
])("%s choose nothing", async ([, text]) => {
  expect(readKratosYaml(await project(text))).toEqual(defaults);
});

test("reads what is chosen, also as an editor on Windows saves it", async () => {
  const root = await project(
    "\uFEFFproto:\r\n  importRoots: [protos]\r\nhttp:\r\n  unboundMethods: true\r\n  allowGetBody: true\r\n",
  );
  mkdirSync(join(root, "protos"));

  expect(readKratosYaml(root)).toEqual({
    proto: { importRoots: [join(root, "protos")] },
    http: { unboundMethods: true, allowGetBody: true },
  });
});

test.for<[what: string, text: string, problems: readonly string[]]>([
  [
    "a misspelt key",
    "http:\n  unboundMethod: true\n",
    ['2:3: unknown key "http.unboundMethod", did you mean "unboundMethods"?'],
  ],
  [
    "two letters in the wrong order",
    "htpt: {}\n",
    ['1:1: unknown key "htpt", did you mean "http"?'],
  ],
  [
    "a key in snake case",
    "http: {allow_get_body: true}\n",
    ['1:8: unknown key "http.allow_get_body", did you mean "allowGetBody"?'],
  ],
  [
    "a key in the wrong place",
    "unboundMethods: true\n",
    ['1:1: unknown key "unboundMethods", did you mean "http.unboundMethods"?'],
  ],
  [
    "a key like no other",
    "http:\n  colour: red\n",
    ['2:3: unknown key "http.colour", here can stand "unboundMethods", "allowGetBody"'],
  ],
  [
    "keys that objects have of their own",
    "__proto__: {}\nconstructor: 1\n",
    [
      '1:1: unknown key "__proto__", did you mean "proto"?',
      '2:1: unknown key "constructor", here can stand "proto", "http"',
    ],
  ],
  [
    "keys that are no text",
    "? [a]\n: 1\n7: 2\n",
    [
      '1:1: unknown key "[ a ]", here can stand "proto", "http"',
      '3:1: unknown key "7", here can stand "proto", "http"',
    ],
  ],
  ["a merge", "<<: {http: {}}\n", ['1:1: unknown key "<<", here can stand "proto", "http"']],
  [
    "values of other types, in the order of the lines",
    "http:\n  unboundMethods: yes\n  allowGetBody: null\nproto: true\n",
    [
      '2:3: "http.unboundMethods" must be true or false, not "yes"',
      '3:3: "http.allowGetBody" must be true or false, not null',
      '4:1: "proto" must be a mapping of keys to values, not true',
    ],
  ],
  [
    "entries of other types",
    "proto:\n  importRoots:\n    - 7\n    - ''\n    - {a: b}\nhttp:\n  - a\n",
    [
      '3:7: "proto.importRoots[0]" must be a folder, not 7',
      '4:7: "proto.importRoots[1]" must be a folder, not ""',
      '5:7: "proto.importRoots[2]" must be a folder, not a mapping',
      '6:1: "http" must be a mapping of keys to values, not a list',
    ],
  ],
  [
    "a folder alone, where a list is wanted",
    "proto:\n  importRoots: protos\n",
    ['2:3: "proto.importRoots" must be a list of folders, not "protos"'],
  ],
  [
    "folders that are not there",
    'proto:\n  importRoots: [missing, ., kratos.yaml, "a\\0"]\n',
    [
      '2:17: "proto.importRoots[0]" must be a folder, by its path from the project\'s: there is none at "missing"',
      '2:29: "proto.importRoots[2]" must be a folder, by its path from the project\'s: there is none at "kratos.yaml"',
      '2:42: "proto.importRoots[3]" must be a folder, by its path from the project\'s: there is none at "a\\u0000"',
    ],
  ],
  [
    "a list",
    "# choices\n- http\n",
    ["2:1: the file must be a mapping of keys to values, not a list"],
  ],
  [
    "a text, and nothing for a terminal to act on",
    '"\\e[31m' + "long ".repeat(100) + '"\n',
    [
      '1:1: the file must be a mapping of keys to values, not "\\u001b[31mlong long long long long long long …"',
    ],
  ],
  [
    "keys that stand twice",
    "http:\n  unboundMethods: true\n  unboundMethods: false\nhttp: {}\n",
    [
      "3:3: this key stands here a second time, remove one of the two",
      "4:1: this key stands here a second time, remove one of the two",
    ],
  ],
  [
    "aliases, however many values they would make",
    "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b]\n",
    [
      '2:8: alias "*a" is not read here, write out what it stands for',
      '2:12: alias "*a" is not read here, write out what it stands for',
      '3:5: alias "*b" is not read here, write out what it stands for',
    ],
  ],
  [
    "a tab",
    "http:\n\tunboundMethods: true\n",
    ["2:1: this line is indented with a tab, indent with spaces"],
  ],
  [
    "two documents",
    "http: {}\n---\nhttp: {}\n",
    ['2:1: a second document begins here, remove the "---"'],
  ],
  ["a tag of its own", "http: !mine {}\n", ["1:7: not valid YAML: unresolved tag: !mine"]],
  [
    "a directive for a terminal to act on",
    `%NO\u001b[31m${"x".repeat(200)}\n---\nhttp: {}\n`,
    [`1:1: not valid YAML: unknown directive %NO?[31m${"x".repeat(95)}`],
  ],
  ["a text without its end", 'http: "a\n', ['2:1: not valid YAML: missing closing "quote']],
])("refuses %s", async ([, text, problems]) => {
  const root = await project(text);

  expect(await refusal(root)).toEqual({
    code: "CONFIG_INVALID",
    message: `"${join(root, "kratos.yaml")}" cannot be used`,
    details: problems.map((problem) => `kratos.yaml:${problem}`),
  });
});

test.for([
  ["lists", "[".repeat(60_000)],
  ["mappings", "{a: ".repeat(15_000)],
  ["lists of lines", "- ".repeat(30_000)],
])("refuses %s too deep in each other", async ([, text]) => {
  expect(await refusal(await project(text!))).toMatchObject({
    details: [
      expect.stringMatching(
        /^kratos\.yaml:1:\d{2,3}: lists or mappings lie too deep in each other here$/,
      ),
    ],
  });
});

test("shows twenty problems, and tells how many more there are", async () => {
  const text = Array.from({ length: 50 }, (_, index) => `key${index}: 1\n`).join("");

  const { details } = await refusal(await project(text));

  expect(details).toHaveLength(21);
  expect(details.at(-1)).toBe("and 30 more");
});

test.for<[what: string, make: (path: string) => void, message: string]>([
  ["a folder", (path) => mkdirSync(path), "is a folder, expected a file"],
  ["empty", (path) => writeFileSync(path, "\n \n"), "is empty"],
  [
    "not UTF-8",
    (path) => writeFileSync(path, Buffer.from("http:\n# Bücher\n", "latin1")),
    "is not UTF-8 in line 2",
  ],
  [
    "UTF-16",
    (path) => writeFileSync(path, Buffer.from("\uFEFFhttp: {}\n", "utf16le")),
    "is not UTF-8 in line 1",
  ],
  [
    "of 10 MB",
    (path) => writeFileSync(path, "#".repeat(10_000_000)),
    "has 10000000 bytes, at most 65536 are read",
  ],
  ["a link to itself", (path) => symlinkSync(path, path), "cannot be read"],
  ["a link to nothing", (path) => symlinkSync("nowhere", path), "is a link to nothing"],
  [
    "a device without an end",
    (path) => symlinkSync("/dev/zero", path),
    "is no regular file, expected a file",
  ],
])("refuses a file that is %s", async ([, make, message]) => {
  const root = await temporaryFolder();
  const path = join(root, "kratos.yaml");
  make(path);

  expect(await refusal(root)).toMatchObject({
    code: "CONFIG_INVALID",
    message: `"${path}" ${message}`,
  });
});

async function project(text: string): Promise<string> {
  const root = await temporaryFolder();
  writeFileSync(join(root, "kratos.yaml"), text);
  return root;
}

async function refusal(root: string) {
  try {
    readKratosYaml(root);
  } catch (error) {
    if (!isCliError(error)) throw error;
    const { code, message, details } = error;
    return { code, message, details: details?.split("\n") ?? [] };
  }
  throw new Error("the file was read");
}
