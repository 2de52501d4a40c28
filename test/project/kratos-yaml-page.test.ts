import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { kratosYamlSchema, readKratosYaml } from "../../src/project/kratos-yaml.ts";
import { listKeys } from "../../src/project/schema-problems.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/kratos-yaml.md"), "utf8");
const rows = Array.from(
  page.matchAll(/^\| `(\w+\.\w+)` *\|(.*)\|$/gm),
  ([, key = "", rest = ""]) => ({
    key,
    cells: rest.split("|").map((cell) => cell.trim().replaceAll("`", "")),
  }),
);
const [example = "", wrong = ""] = blocksOf("yaml");

test("the page explains each key, with its default", async () => {
  const keys = listKeys(kratosYamlSchema).filter((key) => key.includes("."));
  expect(rows.slice(0, keys.length).map(({ key }) => key)).toEqual(keys);

  const defaults = readKratosYaml(await temporaryFolder()) as unknown as Sections;
  const values = keys.map((key) => {
    const [section = "", name = ""] = key.split(".");
    return JSON.stringify(defaults[section]?.[name]);
  });
  expect(rows.slice(0, keys.length).map(({ cells }) => cells[1])).toEqual(values);
});

test("the example on the page is read", async () => {
  const folder = await temporaryFolder();
  mkdirSync(join(folder, "protos"));

  expect(readKratosYaml(write(join(folder, "shop"), example))).toMatchObject({
    proto: { importRoots: [join(folder, "protos")] },
    http: { unboundMethods: true },
  });
});

test("the mistakes on the page are told as it says", async () => {
  const root = write(await temporaryFolder(), wrong);
  const [output = ""] = blocksOf("console");

  const details = output.split("\n").flatMap((line) => /^ {2}(.*)$/.exec(line)?.[1] ?? []);
  expect(details).toHaveLength(2);
  expect(() => readKratosYaml(root)).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      message: `"${join(root, "kratos.yaml")}" cannot be used`,
      details: details.join("\n"),
    }),
  );
});

type Sections = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function blocksOf(language: string): string[] {
  const blocks = page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"));
  return Array.from(blocks, ([, text = ""]) => text);
}

function write(root: string, text: string): string {
  const file = join(root, "kratos.yaml");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return root;
}
