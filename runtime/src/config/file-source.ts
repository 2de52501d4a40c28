import { isUtf8 } from "node:buffer";
import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { textOf } from "../errors/text-of.ts";
import { ConfigError, isConfigError, valuesOrProblems } from "./config-error.ts";
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
    const entries = await Promise.allSettled(names.map((name) => findFile(join(path, name))));
    return valuesOrProblems(entries).flat();
  } catch (cause) {
    throw isConfigError(cause) ? cause : unreadable(path, cause);
  }
}

async function findFile(file: string): Promise<string[]> {
  try {
    return (await stat(file)).isFile() ? [file] : [];
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

async function readDocument(file: string): Promise<ConfigDocument> {
  const format = formatOf(file);
  if (format === undefined) {
    const message = `unknown format "${extname(file)}", name the file .yaml, .yml or .json`;
    throw new ConfigError([{ file, path: "", message }]);
  }
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw unreadable(file, cause);
  }
  return parseConfigFile(file, decodeUtf8(file, bytes), format);
}

/** Without the byte order mark that editors on Windows put in front. */
function decodeUtf8(file: string, bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const line = findBadLine(bytes);
    throw new ConfigError([{ file, path: "", line, message: "not valid UTF-8" }], { cause });
  }
}

function findBadLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start) + 1 || bytes.length;
    if (!isUtf8(bytes.subarray(start, end))) break;
    start = end;
  }
  return line;
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
      : `cannot be read: ${textOf(cause)}`;
  return new ConfigError([{ file, path: "", message }], { cause });
}
