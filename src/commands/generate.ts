import { z } from "zod";
import { CliError } from "../cli-error.ts";
import type { GenerateOptions } from "../generate/index.ts";
import { requireProjectRoot } from "../project/project-root.ts";
import type { Shell } from "../shell.ts";
import { parseFlags } from "./flags.ts";
import { groupByRoot } from "./group-by-root.ts";
import { protoPathFlag, readProtoPaths } from "./proto-paths.ts";
import { generateAndReport } from "./report-generation.ts";

const schema = z.strictObject({
  proto_path: protoPathFlag,
  watch: z.boolean().default(false),
  force: z.boolean().default(false),
});

/** `kratos-ts generate`. */
export async function runGenerate(
  paths: readonly string[],
  rawFlags: unknown,
  shell: Shell,
): Promise<number> {
  const { proto_path, watch, force } = parseFlags(schema, rawFlags);
  const protoPaths = readProtoPaths(proto_path, shell);
  const byRoot =
    paths.length > 0
      ? groupByRoot(paths, shell.cwd)
      : new Map([[requireProjectRoot(shell.cwd), []]]);
  const runs = [...byRoot].map(([root, files]): GenerateOptions => ({
    root,
    paths: files,
    protoPaths,
    force,
    prune: true,
  }));
  if (watch) return watchProject(runs, shell);
  let exitCode = 0;
  for (const run of runs) exitCode = Math.max(exitCode, await generateAndReport(run, shell));
  return exitCode;
}

async function watchProject(runs: readonly GenerateOptions[], shell: Shell): Promise<number> {
  const [run] = runs;
  if (run === undefined || runs.length > 1 || run.paths.length > 0) {
    throw new CliError("USAGE", "--watch is for all protos of a project and takes no paths", {
      hint: "run `kratos-ts generate --watch` in the project",
    });
  }
  const { watchAndGenerate } = await import("./watch-generation.ts");
  return watchAndGenerate(run, shell);
}
