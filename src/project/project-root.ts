import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const marks = ["package.json", "buf.yaml", "buf.work.yaml", "kratos.yaml"];

/** The nearest folder, from `start` upwards, with a file that only projects have; `undefined` when none has. */
export function findProjectRoot(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (marks.some((mark) => existsSync(join(folder, mark)))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
