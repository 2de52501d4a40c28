import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { CliError } from "../cli-error.ts";

const marks = ["package.json", "buf.yaml", "buf.work.yaml", "kratos.yaml"];

/** The nearest folder, from `start` upwards, with a file that only projects have; `undefined` when none has. */
export function findProjectRoot(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (marks.some((mark) => existsSync(join(folder, mark)))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Like {@link findProjectRoot}; throws PROJECT_NOT_FOUND where there is none. */
export function requireProjectRoot(start: string): string {
  const root = findProjectRoot(start);
  if (root !== undefined) return root;
  throw new CliError("PROJECT_NOT_FOUND", `"${start}" lies in no project`, {
    hint: "make one with `kratos-ts new`; a project has a package.json or a buf.yaml",
  });
}
