import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

const pages = [
  ...(await readdir(root)).filter((name) => name.endsWith(".md")),
  ...(await readdir(join(root, "docs"), { recursive: true }))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

describe.for(pages)("%s", (page) => {
  test("links to what is there", async () => {
    const text = await readFile(join(root, page), "utf8");
    const links = Array.from(text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g), ([, link = ""]) => link);
    const broken = links.filter(
      (link) => !/^https?:/.test(link) && !existsSync(join(root, dirname(page), link)),
    );
    expect(broken).toEqual([]);
  });

  test("names scripts that npm knows here, or in a project", async () => {
    const text = await readFile(join(root, page), "utf8");
    const scripts = await Promise.all(
      ["package.json", "layout-template/package.json"].map(async (file) => {
        const manifest = JSON.parse(await readFile(join(root, file), "utf8")) as {
          scripts: Record<string, string>;
        };
        return Object.keys(manifest.scripts);
      }),
    );
    const known = new Set(scripts.flat());
    const named = Array.from(
      text.matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g),
      ([, name = ""]) => name,
    );
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

test("docs/architecture.md shows folders and files that are there", async () => {
  const text = await readFile(join(root, "docs/architecture.md"), "utf8");
  const tree = /```\n(.+?)\n```/s.exec(text)?.[1] ?? "";
  const paths: string[] = [];
  let folder = "";
  for (const line of tree.split("\n")) {
    // Names, a gap, words. Names after the first are its siblings; two spaces in front: in the folder above.
    const [first = "", ...siblings] = (line.trim().split(/\s{2,}/)[0] ?? "").split(" ");
    const parent = line.startsWith("  ") ? folder : "";
    if (parent === "") folder = first;
    paths.push(join(parent, first));
    paths.push(...siblings.map((name) => join(parent, dirname(first), name)));
  }
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("docs/adr numbers its decisions without a gap", async () => {
  const names = (await readdir(join(root, "docs/adr"))).toSorted();
  expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, index) => index + 1));
  for (const name of names) {
    const text = await readFile(join(root, "docs/adr", name), "utf8");
    expect({ name, title: text.split(".")[0] }).toEqual({
      name,
      title: `# ${Number(name.slice(0, 4))}`,
    });
  }
});

test("docs/adr/0001-dependencies.md has a line for every dependency", async () => {
  const text = await readFile(join(root, "docs/adr/0001-dependencies.md"), "utf8");
  const files = ["package.json", "runtime/package.json", "layout-template/package.json"];
  const missing: string[] = [];
  for (const file of files) {
    const manifest = JSON.parse(await readFile(join(root, file), "utf8")) as Record<
      "dependencies" | "devDependencies" | "peerDependencies",
      Record<string, string> | undefined
    >;
    const { dependencies, devDependencies, peerDependencies } = manifest;
    for (const name of Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })) {
      const isOwn = name === "kratos-ts" || name.startsWith("@kratos-ts/");
      if (!isOwn && !name.startsWith("@types/") && !text.includes(`\`${name}\``))
        missing.push(name);
    }
  }
  expect(missing).toEqual([]);
});
