import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CliError } from "../cli-error.ts";
import { findProjectRoot, requireProjectRoot } from "../project/project-root.ts";

/**
 * The projects that `paths` lie in, each with its paths, absolute: one command line may name files of several
 * projects of a repository.
 *
 * @throws CliError FILE_NOT_FOUND, PROJECT_NOT_FOUND
 */
export function groupByRoot(paths: readonly string[], cwd: string): Map<string, string[]> {
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
