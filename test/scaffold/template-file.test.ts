import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { readTemplate } from "../../src/scaffold/template-file.ts";
import { temporaryFolder } from "../temporary-folder.ts";

async function makeTemplate(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

test("reads text, bytes, modes and links, in alphabetical order", async () => {
  const folder = await makeTemplate({
    "b.txt": "ü\uFEFF",
    "a/c.bin": Buffer.from([0]),
    "a/d.bin": Buffer.from([255]),
  });
  await chmod(join(folder, "b.txt"), 0o755);
  await symlink("b.txt", join(folder, "e"));
  expect(await readTemplate(folder)).toEqual([
    { path: "a/c.bin", content: Buffer.from([0]), executable: false },
    { path: "a/d.bin", content: Buffer.from([255]), executable: false },
    { path: "b.txt", content: "ü\uFEFF", executable: true },
    { path: "e", content: "", executable: false, link: "b.txt" },
  ]);
});

test("leaves out what installing, git and running left there", async () => {
  const folder = await makeTemplate({
    _gitignore: "# data\n/data/\n*.log\ncoverage\n.env\n/docs/*.html\n!important.log\n",
    "package.json": "{}",
    ".git/HEAD": "",
    "node_modules/a/index.js": "",
    "internal/data/data.ts": "",
    "data/shop.db": "",
    "internal/x.log": "",
    "coverage/a.txt": "",
    ".env": "",
    ".env.example": "",
    "docs/a.html": "",
    "docs/a.md": "",
    "internal/docs/a.html": "",
  });
  expect((await readTemplate(folder)).map(({ path }) => path)).toEqual([
    ".env.example",
    "_gitignore",
    "docs/a.md",
    "internal/data/data.ts",
    "internal/docs/a.html",
    "package.json",
  ]);
});
