import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

/** One file of a template or of a project to be written. */
export interface TemplateFile {
  /** Relative, with `/`. */
  readonly path: string;
  /** Text for what is valid UTF-8 without NUL, bytes for the rest. */
  readonly content: string | Uint8Array;
  readonly executable: boolean;
  /** What a symbolic link points to; its content is empty then. */
  readonly link?: string;
}

/** What installing and version control leave in a folder. Not part of a template. */
const leftovers = new Set([".git", "node_modules", ".DS_Store"]);

/** Reads a template's folder, in alphabetical order, without what its own git leaves out. */
export async function readTemplate(folder: string): Promise<TemplateFile[]> {
  const ignored = await readIgnored(folder);
  const files: TemplateFile[] = [];
  await collect("");
  return files;

  async function collect(relative: string): Promise<void> {
    const names = await readdir(join(folder, relative));
    for (const name of names.sort()) {
      if (leftovers.has(name)) continue;
      const path = relative === "" ? name : `${relative}/${name}`;
      if (ignored.test(path)) continue;
      const absolute = join(folder, path);
      const stats = await lstat(absolute);
      if (stats.isDirectory()) await collect(path);
      else if (stats.isSymbolicLink()) {
        files.push({ path, content: "", executable: false, link: await readlink(absolute) });
      } else if (stats.isFile()) {
        const content = decode(await readFile(absolute));
        files.push({ path, content, executable: (stats.mode & 0o100) !== 0 });
      }
    }
  }
}

function decode(bytes: Uint8Array): string | Uint8Array {
  if (bytes.includes(0)) return bytes;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
}

/**
 * The folder's `.gitignore` as one expression: names, `*`, `/` before and after. That is what keeps data and
 * build output of a template that was run where it lies out of projects; anything finer is copied.
 */
async function readIgnored(folder: string): Promise<RegExp> {
  const texts = [".gitignore", "_gitignore"].map((name) =>
    readFile(join(folder, name), "utf8").catch(() => ""),
  );
  const patterns = (await Promise.all(texts))
    .flatMap((text) => text.split(/\r?\n/))
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^[#!]|\*\*|[[\]?\\]/.test(line))
    .map((line) => {
      const anchored = line.replace(/\/$/, "").includes("/");
      const plain = line.replace(/^\/|\/$/g, "").replace(/[.+^${}()|]/g, "\\$&");
      return `${anchored ? "^" : "(?:^|/)"}${plain.replaceAll("*", "[^/]*")}(?:/|$)`;
    });
  return new RegExp(patterns.length === 0 ? "(?!)" : patterns.join("|"));
}
