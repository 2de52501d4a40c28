import { z } from "zod";
import { checkProject, fixProject, type CheckOptions } from "../check/index.ts";
import { requireProjectRoot } from "../project/project-root.ts";
import type { Shell } from "../shell.ts";
import { parseFlags } from "./flags.ts";
import { protoPathFlag, readProtoPaths } from "./proto-paths.ts";
import { annotateProblems, printCheck, toCheckDocument } from "./report-check.ts";

const schema = z.strictObject({
  against: z.string().min(1, "name a branch, a tag or a commit").optional(),
  fix: z.boolean().default(false),
  json: z.boolean().default(false),
  proto_path: protoPathFlag,
});

/** `kratos-ts check`. */
export async function runCheck(rawFlags: unknown, shell: Shell): Promise<number> {
  const { against, fix, json, proto_path } = parseFlags(schema, rawFlags);
  const root = requireProjectRoot(shell.cwd);
  const options: CheckOptions = {
    root,
    protoPaths: readProtoPaths(proto_path, shell),
    against,
    pullRequestBase: shell.env["GITHUB_BASE_REF"] || undefined,
    signal: shell.signal,
  };
  const fixed = fix ? await fixProject(options) : [];
  const result = await checkProject(options);
  if (json) shell.out.line(JSON.stringify(toCheckDocument(result, fixed), null, 2));
  else printCheck(result, fixed, root, shell);
  if (shell.env["GITHUB_ACTIONS"] === "true") annotateProblems(result, root, shell);
  return result.problems.some(({ severity }) => severity === "error") ? 1 : 0;
}
