import { mkdir, readdir, rename, rm, rmdir, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CliError } from "../cli-error.ts";
import type { TemplateFile } from "./template-file.ts";

/** What a folder keeps when its content is replaced. */
const kept = ".git";

/** The entries of `folder` that a new project would replace; empty when it does not exist. Throws when it is a file. */
export async function findObstacles(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name !== kept);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    if (code === "ENOTDIR") {
      throw new CliError("FILE_EXISTS", `"${folder}" is, or lies below, a file, not a folder`, {
        hint: "choose another path",
        cause,
      });
    }
    throw toWriteError(cause, folder);
  }
}

/** Throws FOLDER_NOT_EMPTY, or FILE_EXISTS, when a new project would replace something. */
export async function refuseObstacles(folder: string): Promise<void> {
  const obstacles = await findObstacles(folder);
  if (obstacles.length === 0) return;
  const shown = obstacles.slice(0, 3).map((name) => `"${name}"`);
  const more = obstacles.length - shown.length;
  throw new CliError(
    "FOLDER_NOT_EMPTY",
    `the folder "${folder}" is not empty: it holds ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`,
    { hint: "choose another path, or have --force delete what is there" },
  );
}

/** How to write a project. */
export interface WriteProjectOptions {
  /** Whether what the folder holds may be replaced. Default: false. */
  readonly replace?: boolean;
  /** Ends it, with CANCELLED, before anything is where it belongs. Default: never. */
  readonly signal?: AbortSignal;
}

/**
 * Writes a project whole or not at all: everything goes to a temporary folder beside `target` first and is
 * then moved. What `target` held, save `.git`, is put aside meanwhile, put back when a step fails, and removed at
 * the end. Throws FOLDER_NOT_EMPTY, FILE_EXISTS while another run makes the same project, WRITE_FAILED, CANCELLED.
 */
export async function writeProject(
  target: string,
  files: readonly TemplateFile[],
  { replace = false, signal }: WriteProjectOptions = {},
): Promise<void> {
  const parent = dirname(target);
  let made: string | undefined;
  let holder: string | undefined;
  let done = false;
  try {
    made = await mkdir(parent, { recursive: true });
    holder = await makeHolder(target);
    // Again, since another run may have been faster.
    if (!replace) await refuseObstacles(target);
    const stage = join(holder, "new");
    await mkdir(stage);
    await writeFiles(stage, files, signal);
    await moveInto(stage, target, holder);
    done = true;
  } catch (cause) {
    throw toWriteError(cause, target);
  } finally {
    if (holder !== undefined) await rm(holder, { recursive: true, force: true });
    if (!done && made !== undefined) await removeEmpty(parent, made);
  }
}

/** The temporary folder. Its name is the same for all runs, so that only one of them makes it. */
async function makeHolder(target: string): Promise<string> {
  const holder = join(dirname(target), `.${basename(target)}.kratos-ts-new`);
  try {
    await mkdir(holder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new CliError("FILE_EXISTS", `"${target}" is being made by another run`, {
      hint: `wait for it; if none is running, look into "${holder}" and remove it`,
      cause,
    });
  }
  return holder;
}

/** Removes `folder` and those above it, up to `last`, as long as nobody has put anything into them. */
async function removeEmpty(folder: string, last: string): Promise<void> {
  for (let each = folder; ; each = dirname(each)) {
    const removed = await rmdir(each).then(
      () => true,
      () => false,
    );
    if (!removed || each === last) return;
  }
}

/**
 * Adds files to a folder that may exist, all or none: what was written before a failure is removed again.
 * Throws WRITE_FAILED, also when one of them is there already.
 */
export async function addFiles(folder: string, files: readonly TemplateFile[]): Promise<void> {
  const written: string[] = [];
  let made: string | undefined;
  try {
    made = await mkdir(folder, { recursive: true });
    for (const file of files) {
      await writeFiles(folder, [file]);
      written.push(join(folder, file.path));
    }
  } catch (cause) {
    for (const path of written) await rm(path, { force: true });
    if (made !== undefined) await removeEmpty(folder, made);
    throw toWriteError(cause, folder);
  }
}

/** Writes files below `folder`, making folders as needed. Does not overwrite. */
async function writeFiles(
  folder: string,
  files: readonly TemplateFile[],
  signal?: AbortSignal,
): Promise<void> {
  const folders = new Set(files.map((file) => dirname(join(folder, file.path))));
  for (const path of folders) await mkdir(path, { recursive: true });
  for (const file of files) {
    if (signal?.aborted === true) {
      throw new CliError("CANCELLED", "ended before the project was there, nothing is left of it");
    }
    const path = join(folder, file.path);
    if (file.link !== undefined) await symlink(file.link, path);
    else {
      await writeFile(path, file.content, { flag: "wx", mode: file.executable ? 0o777 : 0o666 });
    }
  }
}

async function moveInto(stage: string, target: string, holder: string): Promise<void> {
  const existing = await readdir(target).catch(() => undefined);
  if (existing === undefined) return rename(stage, target);
  // The folder itself stays: it may be somebody's working directory.
  const aside = join(holder, "old");
  await mkdir(aside);
  const moves: { from: string; to: string }[] = [];
  try {
    for (const name of existing) {
      if (name !== kept) await move(join(target, name), join(aside, name));
    }
    for (const name of await readdir(stage)) await move(join(stage, name), join(target, name));
  } catch (error) {
    for (const { from, to } of moves.reverse()) await rename(to, from);
    throw error;
  }

  async function move(from: string, to: string): Promise<void> {
    await rename(from, to);
    moves.push({ from, to });
  }
}

function toWriteError(cause: unknown, path: string): unknown {
  if (!(cause instanceof Error) || !("code" in cause) || cause.name === "CliError") return cause;
  return new CliError("WRITE_FAILED", `cannot write "${path}": ${cause.message}`, {
    hint: "check who owns the folder above it and how much room is left",
    cause,
  });
}
