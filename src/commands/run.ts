import { stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { z } from "zod";
import { CliError } from "../cli-error.ts";
import { findNamedPrograms, findPrograms } from "../run/find-program.ts";
import type { FoundProgram } from "../run/find-program.ts";
import { runProgram } from "../run/run-program.ts";
import type { Shell } from "../shell.ts";
import { askChoice } from "./ask.ts";
import { parseFlags } from "./flags.ts";

const schema = z.strictObject({
  work: z.string().min(1, "name a folder").optional(),
  watch: z.boolean(),
});

/** `kratos-ts run`. */
export async function runRun(
  path: string | undefined,
  rawFlags: unknown,
  args: readonly string[],
  shell: Shell,
): Promise<number> {
  const { work, watch } = parseFlags(schema, rawFlags);
  const found =
    path === undefined ? await findPrograms(shell.cwd) : await findNamedPrograms(path, shell.cwd);
  const { entry, project } = await choose(found, shell);
  const cwd = work === undefined ? project : resolve(shell.cwd, work);
  if (!(await isFolder(cwd))) {
    throw new CliError("FILE_NOT_FOUND", `the working directory "${work ?? cwd}" is not a folder`);
  }
  return runProgram({ entry, project, cwd, args, watch, shell });
}

async function choose(found: readonly FoundProgram[], shell: Shell): Promise<FoundProgram> {
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const folders = found.map(({ entry }) => relative(shell.cwd, resolve(entry, "..")) || ".");
  if (shell.interactive) {
    const folder = await askChoice("Which program?", folders);
    const chosen = found[folders.indexOf(folder)];
    if (chosen !== undefined) return chosen;
  }
  throw new CliError(
    "ENTRY_AMBIGUOUS",
    `there are ${found.length} programs: ${folders.join(", ")}`,
    {
      hint: `name one, such as \`kratos-ts run ${folders[0]}\``,
    },
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
