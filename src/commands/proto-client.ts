import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { CliError } from "../cli-error.ts";
import { findProjectRoot, requireProjectRoot } from "../project/project-root.ts";
import type { Shell } from "../shell.ts";
import { parseFlags } from "./flags.ts";
import { protoPathFlag, readProtoPaths } from "./proto-paths.ts";
import { generateAndReport } from "./report-generation.ts";

const schema = z.strictObject({
  proto_path: protoPathFlag,
  allowGetBody: z.boolean().default(false),
});

/** `kratos-ts proto client`. */
export async function runProtoClient(
  paths: readonly string[],
  rawFlags: unknown,
  shell: Shell,
): Promise<number> {
  const flags = parseFlags(schema, rawFlags);
  const protoPaths = readProtoPaths(flags.proto_path, shell);
  const byRoot = groupByRoot(paths, shell.cwd);
  let exitCode = 0;
  for (const [root, files] of byRoot) {
    const { allowGetBody } = flags;
    const code = await generateAndReport({ root, paths: files, protoPaths, allowGetBody }, shell);
    exitCode = Math.max(exitCode, code);
  }
  return exitCode;
}

/** One command line may name files of several projects of a repository. */
function groupByRoot(paths: readonly string[], cwd: string): Map<string, string[]> {
  const missing = paths.filter((path) => !existsSync(resolve(cwd, path)));
  if (missing.length > 0) {
    const names = missing.map((path) => `"${path}"`).join(", ");
    throw new CliError(
      "FILE_NOT_FOUND",
      `${names} ${missing.length > 1 ? "do" : "does"} not exist`,
      {
        hint: `name .proto files or folders, relative to "${cwd}"`,
      },
    );
  }
  const groups = new Map<string, string[]>();
  for (const path of paths) {
    const absolute = resolve(cwd, path);
    const root = findProjectRoot(absolute) ?? requireProjectRoot(dirname(absolute));
    groups.set(root, [...(groups.get(root) ?? []), absolute]);
  }
  return groups;
}
