import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addFiles, findObstacles, writeProject } from "../../src/scaffold/write-project.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const file = (path: string, content = path) => ({ path, content, executable: false });

test("writes a project into folders that do not exist", async () => {
  const folder = await temporaryFolder();
  const target = join(folder, "a/b/shop");
  await writeProject(target, [file("package.json"), { ...file("bin/x"), executable: true }]);
  expect(await readdir(join(folder, "a/b"))).toEqual(["shop"]);
  expect(await readFile(join(target, "bin/x"), "utf8")).toBe("bin/x");
  expect((await stat(join(target, "bin/x"))).mode & 0o100).toBe(0o100);
  expect((await stat(join(target, "package.json"))).mode & 0o100).toBe(0);
});

test("leaves nothing behind when a file cannot be written", async () => {
  const folder = await temporaryFolder();
  const broken = [file("a"), file("a/b")];
  await expect(writeProject(join(folder, "new/shop"), broken)).rejects.toMatchObject({
    code: "WRITE_FAILED",
  });
  expect(await readdir(folder)).toEqual([]);
});

test("replaces what a folder holds, and keeps .git and the folder itself", async () => {
  const folder = await temporaryFolder();
  const target = join(folder, "shop");
  await mkdir(join(target, ".git"), { recursive: true });
  await mkdir(join(target, "src"));
  await writeFile(join(target, ".git/HEAD"), "ref");
  await writeFile(join(target, "src/old.ts"), "old");
  const { ino } = await stat(target);
  await writeProject(target, [file("src/new.ts")], { replace: true });
  expect((await stat(target)).ino).toBe(ino);
  expect(await readdir(join(target, "src"))).toEqual(["new.ts"]);
  expect(await readFile(join(target, ".git/HEAD"), "utf8")).toBe("ref");
  expect(await readdir(folder)).toEqual(["shop"]);
});

test("puts everything back when replacing fails", async () => {
  const folder = await temporaryFolder();
  const target = join(folder, "shop");
  await mkdir(join(target, "src"), { recursive: true });
  await writeFile(join(target, "src/old.ts"), "old");
  // A .git with something in it cannot be replaced, which is seen when the old files are out already.
  await mkdir(join(target, ".git/refs"), { recursive: true });
  const project = [file("a"), file(".git/x")];
  await expect(writeProject(target, project, { replace: true })).rejects.toMatchObject({
    code: "WRITE_FAILED",
  });
  expect(await readdir(target)).toEqual([".git", "src"]);
  expect(await readFile(join(target, "src/old.ts"), "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["shop"]);
});

test("obstacles are what a new project would replace", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, ".git"));
  await writeFile(join(folder, "notes.txt"), "");
  expect(await findObstacles(folder)).toEqual(["notes.txt"]);
  expect(await findObstacles(join(folder, "none"))).toEqual([]);
  await expect(findObstacles(join(folder, "notes.txt"))).rejects.toMatchObject({
    code: "FILE_EXISTS",
  });
});

test("adds all files or none", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "b"), "theirs");
  await expect(addFiles(folder, [file("a"), file("b")])).rejects.toMatchObject({
    code: "WRITE_FAILED",
  });
  expect(await readdir(folder)).toEqual(["b"]);
  expect(await readFile(join(folder, "b"), "utf8")).toBe("theirs");
});

test("replaces nothing unless it may", async () => {
  const folder = await temporaryFolder();
  const target = join(folder, "shop");
  await mkdir(target);
  await writeFile(join(target, "notes.txt"), "mine");
  await expect(writeProject(target, [file("a")])).rejects.toMatchObject({
    code: "FOLDER_NOT_EMPTY",
  });
  expect(await readdir(target)).toEqual(["notes.txt"]);
  expect(await readdir(folder)).toEqual(["shop"]);
});

test.for([false, true])(
  "of two at once one makes the project, with replace %s",
  async (replace) => {
    const folder = await temporaryFolder();
    const target = join(folder, "shop");
    const project = (content: string) => ["a", "b/c", "b/d"].map((path) => file(path, content));
    const outcomes = await Promise.allSettled(
      ["one", "two"].map((content) => writeProject(target, project(content), { replace })),
    );
    const losers = outcomes.filter(({ status }) => status === "rejected");
    expect(losers).toMatchObject([{ reason: { code: "FILE_EXISTS" } }]);
    const texts = ["a", "b/c", "b/d"].map((path) => readFile(join(target, path), "utf8"));
    expect(new Set(await Promise.all(texts)).size).toBe(1);
    expect(await readdir(folder)).toEqual(["shop"]);
  },
);

test("what others put into folders that it made stays when it fails", async () => {
  const folder = await temporaryFolder();
  const broken = writeProject(join(folder, "new/shop"), [file("a"), file("a/b")]);
  const other = writeProject(join(folder, "new/other"), [file("a")]);
  await expect(broken).rejects.toMatchObject({ code: "WRITE_FAILED" });
  await other;
  expect(await readdir(join(folder, "new"))).toEqual(["other"]);
});

test("leaves nothing behind when it is cancelled", async () => {
  const folder = await temporaryFolder();
  const signal = AbortSignal.abort();
  const cancelled = writeProject(join(folder, "new/shop"), [file("a")], { signal });
  await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
  expect(await readdir(folder)).toEqual([]);
});
