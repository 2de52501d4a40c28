import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Diagnostic } from "../diagnostic.ts";
import type { PreparedFiles } from "../generate/index.ts";
import { askGit, splitGitList } from "../project/git.ts";
import { printUnifiedDiff } from "../project/unified-diff.ts";
import type { CheckProblem } from "./problem.ts";

/** What is wrong with the generated files of a project. */
export async function checkGenerated(prepared: PreparedFiles): Promise<CheckProblem[]> {
  const { root, missing, stale, orphaned, edited, outputs } = prepared;
  const read = (path: string): string => readFileSync(join(root, path), "utf8");
  const untracked = await listUntracked(root);
  const problems = [
    ...missing.map(({ path, content }) =>
      toProblem("missing", path, "is missing, its proto generates it", undefined, content),
    ),
    ...stale.map(({ path, content }) =>
      edited.has(path)
        ? toProblem("edited", path, "was edited by hand", read(path), content)
        : toProblem("stale", path, "is not what its proto generates", read(path), content),
    ),
    ...orphaned.map((path) =>
      toProblem(
        "orphaned",
        path,
        "is generated, and no proto stands for it",
        read(path),
        undefined,
      ),
    ),
    ...outputs
      .filter(({ path }) => untracked.has(path))
      .map(({ path, content }) =>
        toProblem("untracked", path, "is not in git, so that others lack it", content, content),
      ),
  ];
  return problems.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
}

/** What generation has to say of the protos. */
export function toProblems(diagnostics: readonly Diagnostic[]): CheckProblem[] {
  return diagnostics.map((diagnostic) => ({
    part: "generated",
    rule: "proto",
    ...diagnostic,
    fixable: false,
  }));
}

type Rule = "missing" | "stale" | "edited" | "orphaned" | "untracked";

const hints: Readonly<Record<Rule, string | undefined>> = {
  missing: undefined,
  stale: undefined,
  orphaned: undefined,
  edited: "move the change into a file of your own, then run `kratos-ts generate --force`",
  untracked: "git add it; or ignore it, if your project generates before it builds",
};

function toProblem(
  rule: Rule,
  file: string,
  message: string,
  before: string | undefined,
  after: string | undefined,
): CheckProblem {
  const hint = hints[rule];
  return {
    part: "generated",
    rule,
    severity: "error",
    file,
    line: 1,
    column: 1,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(before === after ? {} : { diff: printUnifiedDiff({ path: file, before, after }) }),
    fixable: hint === undefined,
  };
}

/** The files of a project that git neither has nor ignores; none outside of git. */
async function listUntracked(root: string): Promise<Set<string>> {
  const args = ["ls-files", "--others", "--exclude-standard", "-z", "--", "*.ts", "*.yaml"];
  return new Set(splitGitList((await askGit(args, { cwd: root })) ?? ""));
}
