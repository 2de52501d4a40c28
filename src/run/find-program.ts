import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { CliError } from "../cli-error.ts";
import { findProjectRoot } from "../project/project-root.ts";

/** A service that can be run. */
export interface FoundProgram {
  /** Absolute path of its main.ts. */
  readonly entry: string;
  /** The folder that holds `cmd/`, which a service is run in; for a program elsewhere, that of its project. */
  readonly project: string;
}

/** How far above the working directory programs are looked for. */
const maxLevelsUp = 5;
/** How far below a folder `cmd` may lie, as in `app/order/service/cmd`. */
const maxLevelsDown = 3;

const skipped = new Set([
  "node_modules",
  "dist",
  "vendor",
  "third_party",
  "api",
  "internal",
  "test",
]);

/**
 * The program that `path` names: a folder with a main.ts, a file, or a folder with one program below it.
 * Throws FILE_NOT_FOUND, ENTRY_NOT_FOUND.
 */
export async function findNamedPrograms(path: string, cwd: string): Promise<FoundProgram[]> {
  const absolute = resolve(cwd, path);
  const stats = await stat(absolute).catch(() => undefined);
  if (stats === undefined) {
    throw new CliError("FILE_NOT_FOUND", `"${path}" does not exist`, {
      hint: "name a folder such as cmd/order-service",
    });
  }
  if (stats.isFile()) return [toProgram(absolute)];
  if (existsSync(join(absolute, "main.ts"))) return [toProgram(join(absolute, "main.ts"))];
  const below = await findBelow(absolute, maxLevelsDown);
  if (below.length > 0) return below;
  throw new CliError("ENTRY_NOT_FOUND", `"${path}" holds no main.ts and no cmd/*/main.ts`, {
    hint: "name a folder such as cmd/order-service",
  });
}

/**
 * Every `cmd/<name>/main.ts` below the working directory; where there is none, those of the nearest folder
 * above it that has some, up to the first with a package.json. What lies beside the working directory is
 * somebody else's. Throws ENTRY_NOT_FOUND.
 */
export async function findPrograms(cwd: string): Promise<FoundProgram[]> {
  let folder = cwd;
  for (let level = 0; level <= maxLevelsUp; level++) {
    const found = await findBelow(folder, level === 0 ? maxLevelsDown : 0);
    if (found.length > 0) return found;
    if (existsSync(join(folder, "package.json")) || dirname(folder) === folder) break;
    folder = dirname(folder);
  }
  throw new CliError("ENTRY_NOT_FOUND", `there is no cmd/*/main.ts in "${folder}"`, {
    hint: "run it inside a project, or name the program's folder",
  });
}

async function findBelow(folder: string, levels: number): Promise<FoundProgram[]> {
  const folders = await listFolders(folder);
  // A folder inside cmd/<name> means that program's project, so `cmd` itself counts too.
  const commands = basename(folder) === "cmd" ? folder : join(folder, "cmd");
  const names = basename(folder) === "cmd" ? folders : await listFolders(commands);
  const found = names
    .map((name) => join(commands, name, "main.ts"))
    .filter((path) => existsSync(path))
    .map(toProgram);
  if (found.length > 0 || levels === 0) return found;
  for (const name of folders) {
    if (name.startsWith(".") || skipped.has(name)) continue;
    found.push(...(await findBelow(join(folder, name), levels - 1)));
  }
  return found;
}

async function listFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory());
  return folders.map((entry) => entry.name).sort();
}

function toProgram(entry: string): FoundProgram {
  const folder = dirname(entry);
  const commands = dirname(folder);
  if (basename(commands) === "cmd") return { entry, project: dirname(commands) };
  return { entry, project: findProjectRoot(folder) ?? folder };
}
