import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { ConfigError, valuesOrProblems } from "./config-error.ts";
import type { ConfigDocument, ConfigSource } from "./config-source.ts";
import { parseConfigFile } from "./parse-config-file.ts";

/**
 * A file, or the files of a directory in the order of their names: `.yaml`, `.yml` and `.json`. In a
 * directory, other files, hidden ones and sub-directories are left alone. A relative path is one of the
 * working directory.
 */
export function fileSource(path: string): ConfigSource {
  return {
    name: path,
    async load() {
      const files = await findFiles(path);
      const results = await Promise.allSettled(files.map(readDocument));
      return valuesOrProblems(results);
    },
  };
}

async function findFiles(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path))
      .filter((name) => !name.startsWith(".") && formatOf(name) !== undefined)
      .toSorted();
    // Entries may be links, as those of a mounted Kubernetes ConfigMap are.
    const entries = names.map(async (name) => {
      const file = join(path, name);
      return (await stat(file)).isFile() ? [file] : [];
    });
    return (await Promise.all(entries)).flat();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function readDocument(file: string): Promise<ConfigDocument> {
  const format = formatOf(file);
  if (format === undefined) {
    const message = `unknown format "${extname(file)}", name the file .yaml, .yml or .json`;
    throw new ConfigError([{ file, path: "", message }]);
  }
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw unreadable(file, cause);
  }
  // Editors on Windows put a byte order mark in front, which is not part of the text.
  return parseConfigFile(file, text.replace(/^\uFEFF/, ""), format);
}

function formatOf(file: string): "yaml" | "json" | undefined {
  const extension = extname(file).toLowerCase();
  if (extension === ".yaml" || extension === ".yml") return "yaml";
  return extension === ".json" ? "json" : undefined;
}

function unreadable(file: string, cause: unknown): ConfigError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const message =
    code === "ENOENT"
      ? `no such file or directory, looked for it from "${process.cwd()}"`
      : `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new ConfigError([{ file, path: "", message }], { cause });
}
