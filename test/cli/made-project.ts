import { execFileSync } from "node:child_process";
import { mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../temporary-folder.ts";
import { runCli } from "./cli-process.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A project called "shop", as `new` makes it, that sees the packages installed here. */
export async function makeProject(): Promise<string> {
  const cwd = await temporaryFolder();
  await runCli(["new", "shop", "--no-install"], { cwd });
  const project = join(cwd, "shop");
  await symlink(join(root, "node_modules"), join(project, "node_modules"));
  return project;
}

/** What the compiler says with the project's own flags; empty when all is well. */
export function typecheck(cwd: string): string {
  // The sources of the runtime, so that no build of it is needed.
  const args = ["--noEmit", "--pretty", "false", "--customConditions", "@kratos-ts/source"];
  return runTool(cwd, "typescript/bin/tsc", args);
}

/** What the project's own tests print when one fails; else empty. */
export function runTests(cwd: string, ...paths: string[]): string {
  return runTool(cwd, "vitest/vitest.mjs", ["run", ...paths]);
}

/** What the project's own linter finds. */
export function lint(cwd: string): string {
  return runTool(cwd, "oxlint/bin/oxlint", ["--deny-warnings"]);
}

function runTool(cwd: string, tool: string, args: readonly string[]): string {
  try {
    const path = join(root, "node_modules", tool);
    execFileSync(process.execPath, [path, ...args], { cwd, encoding: "utf8", stdio: "pipe" });
    return "";
  } catch (error) {
    if (error instanceof Error && "stdout" in error && "stderr" in error) {
      return `${String(error.stdout)}${String(error.stderr)}` || error.message;
    }
    throw error;
  }
}

/** Writes files below a folder. */
export async function writeAll(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** The text of every file of the user's in a project, by its path. */
export async function readOwn(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const top of ["cmd", "internal", "test"]) {
    for (const entry of await readdir(join(folder, top), {
      recursive: true,
      withFileTypes: true,
    })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) files[path.slice(folder.length + 1)] = await readFile(path, "utf8");
    }
  }
  return files;
}
