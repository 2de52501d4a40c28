import { homedir } from "node:os";
import { join, relative, resolve } from "node:path";
import { z } from "zod";
import { CliError } from "../cli-error.ts";
import { readOwnPackage } from "../project/own-package.ts";
import { findNamedPrograms } from "../run/find-program.ts";
import { runProgram } from "../run/run-program.ts";
import { installDependencies } from "../scaffold/install-dependencies.ts";
import { makeNestedService } from "../scaffold/make-nested-service.ts";
import { checkTarget, makeProject } from "../scaffold/make-project.ts";
import type { MadeProject } from "../scaffold/make-project.ts";
import { findObstacles } from "../scaffold/write-project.ts";
import type { Shell } from "../shell.ts";
import { askConsent, askText } from "./ask.ts";
import { durationFlag, parseFlags } from "./flags.ts";
import { createProgress } from "./progress.ts";
import { generateAndReport } from "./report-generation.ts";

const schema = z.strictObject({
  repo: z.string().min(1, "name a git URL or a folder").optional(),
  branch: z.string().min(1, "name a branch or tag").optional(),
  timeout: durationFlag,
  nomod: z.boolean().default(false),
  install: z.boolean(),
  start: z.boolean().default(false),
  force: z.boolean().default(false),
  yes: z.boolean().default(false),
});
type Flags = z.infer<typeof schema>;

/** `kratos-ts new`. */
export async function runNew(
  path: string | undefined,
  rawFlags: unknown,
  shell: Shell,
): Promise<number> {
  const flags = parseFlags(schema, rawFlags);
  checkCombination(flags);
  const mayAsk = shell.interactive && !flags.yes;
  // An empty path, as from an unset variable, would mean the working directory.
  const target = resolve(
    shell.cwd,
    expandHome(path === "" ? refusePath() : (path ?? (await askPath(mayAsk)))),
  );
  const doomed = await findObstacles(target);
  const replace = doomed.length > 0 && (await mayReplace(target, doomed, flags.force, mayAsk));
  await checkTarget(target, replace);

  const project = await make(target, replace, flags, mayAsk, shell);
  const shown = relative(shell.cwd, target) || ".";
  if (replace) shell.out.line(`deleted ${countEntries(doomed)} of ${shown}`);
  shell.out.line(`created ${shown} (${project.files} files)`);
  for (const note of project.notes) shell.err.line(`${shell.err.colors.yellow("note:")} ${note}`);

  const progress = createProgress(shell);
  if (flags.install) {
    await progress.step("installing dependencies", "installed dependencies", () =>
      installDependencies(project.root, shell.signal),
    );
  }
  if (flags.start) return start(project, shell);
  for (const line of nextSteps(shown, project, flags.install)) shell.out.line(line);
  return 0;
}

function checkCombination(flags: Flags): void {
  if (flags.start && !flags.install) {
    throw new CliError("USAGE", "--start cannot run what --no-install leaves out", {
      hint: "leave one of them away",
    });
  }
  if (flags.branch !== undefined && flags.repo === undefined) {
    throw new CliError("USAGE", `--branch "${flags.branch}" needs a --repo`, {
      hint: "the bundled layout has no branches",
    });
  }
}

function expandHome(path: string): string {
  // The shell does this, except in scripts that quote the path.
  return path.replace(/^~(?=\/|$)/, homedir());
}

async function askPath(mayAsk: boolean): Promise<string> {
  const path = mayAsk ? await askText("Where shall the project go?", "order-service") : "";
  return path === "" ? refusePath() : path;
}

function refusePath(): never {
  throw new CliError("USAGE", "the project needs a path", { hint: "kratos-ts new order-service" });
}

/** Where a person is there, even --force asks: what is deleted is gone. */
async function mayReplace(
  target: string,
  doomed: readonly string[],
  force: boolean,
  mayAsk: boolean,
): Promise<boolean> {
  if (!mayAsk) return force;
  if (await askConsent(`"${target}" is not empty. Delete ${countEntries(doomed)} of it?`))
    return true;
  if (force) throw new CliError("CANCELLED", "nothing was done");
  return false;
}

function countEntries({ length }: readonly string[]): string {
  return `${length} ${length === 1 ? "entry" : "entries"}`;
}

function make(
  target: string,
  replace: boolean,
  flags: Flags,
  mayAsk: boolean,
  shell: Shell,
): Promise<MadeProject> {
  const { repo, branch, timeout } = flags;
  const { cwd, signal } = shell;
  const template =
    repo === undefined ? undefined : { repo, branch, timeout, cwd, interactive: mayAsk, signal };
  const options = { target, template, replace, own: readOwnPackage(), signal };
  return flags.nomod ? makeNestedService(options) : makeProject(options);
}

async function start(project: MadeProject, shell: Shell): Promise<number> {
  const code = await generateAndReport({ root: project.folder, paths: [] }, shell);
  if (code !== 0) return code;
  const [program] = await findNamedPrograms(project.folder, shell.cwd);
  return runProgram({
    entry: program?.entry ?? join(project.folder, "main.ts"),
    project: project.folder,
    cwd: project.folder,
    args: [],
    // Nobody would mend what fails, so its exit code is ours.
    watch: shell.interactive,
    shell,
  });
}

function nextSteps(shown: string, project: MadeProject, installed: boolean): string[] {
  const steps = [
    ...(shown === "." ? [] : [`cd ${shown}`]),
    ...(installed ? [] : ["npm install"]),
    "npx kratos-ts run",
  ];
  return ["", `${project.name} is ready:`, ...steps.map((step) => `  $ ${step}`)];
}
