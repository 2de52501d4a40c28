import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { askGit } from "../project/git.ts";
import { readText, type OutputFile } from "./write-files.ts";

/** The record's place in a project. `node_modules` is not committed, and what lies there may be lost. */
const recordPath = "node_modules/.cache/kratos-ts/written.json";

const schema = z.object({ version: z.literal(1), files: z.record(z.string(), z.string()) });

/** What was written last: a hash for each path, relative to the root. */
export type WrittenRecord = Readonly<Record<string, string>>;

/** Reads what was written last; empty where nothing is known. */
export function readRecord(root: string): WrittenRecord {
  try {
    return schema.parse(JSON.parse(readText(join(root, recordPath)) ?? "")).files;
  } catch {
    return {}; // never made, or cut off: nothing is known then
  }
}

/** Notes what was written, and forgets what was removed. Only projects of npm get a record. */
export function updateRecord(
  root: string,
  outputs: readonly OutputFile[],
  removed: readonly string[],
): void {
  if (!existsSync(join(root, "package.json"))) return;
  const before = readRecord(root);
  const files = new Map(Object.entries(before));
  for (const { path, content } of outputs) files.set(path, hash(content));
  for (const path of removed) files.delete(path);
  const after = Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
  const text = JSON.stringify({ version: 1, files: after });
  if (text === JSON.stringify({ version: 1, files: before })) return;
  const path = join(root, recordPath);
  const temporary = `${path}.${randomBytes(4).toString("hex")}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch {
    // Without a record, edits are seen later, by `check`; what was asked for is done.
  }
}

/**
 * Those of `paths`, generated files that are to be replaced, that somebody has edited: they hold neither what was
 * written last nor anything that git has. What nobody has a record of, and what a merge has left its marks in,
 * counts as not edited.
 */
export async function findEdited(root: string, paths: readonly string[]): Promise<string[]> {
  const record = readRecord(root);
  const changed = paths.filter((path) => {
    const text = readText(join(root, path));
    const known = record[path];
    if (known === undefined || text === undefined || hash(text) === known) return false;
    return !/^<{7} .*^={7}$.*^>{7} /ms.test(text);
  });
  if (changed.length === 0) return [];
  const kept = await findKeptByGit(root, changed);
  return changed.filter((path) => !kept.has(path));
}

/** Those of `paths` whose contents git has: replaced, they are not lost. */
async function findKeptByGit(root: string, paths: readonly string[]): Promise<Set<string>> {
  const input = `${paths.join("\n")}\n`;
  const ids = await askGit(["hash-object", "--stdin-paths"], { cwd: root, input });
  if (ids === undefined) return new Set();
  const objects = await askGit(["cat-file", "--batch-check"], { cwd: root, input: `${ids}\n` });
  const lines = objects?.split("\n") ?? [];
  return new Set(paths.filter((_, index) => lines[index]?.endsWith(" missing") === false));
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
