import { existsSync } from "node:fs";
import { join } from "node:path";
import { openBufTree, type BufTree } from "../buf/buf-tree.ts";
import { findUnformatted } from "../buf/format.ts";
import { findWithBuf } from "../buf/run-buf.ts";
import { displayPath, type ProtoWorkspace } from "../buf/workspace.ts";
import { openProject, prepareGeneration, type Prepared } from "../generate/index.ts";
import { readOwnPackage } from "../project/own-package.ts";
import { printUnifiedDiff } from "../project/unified-diff.ts";
import { findBase, type Base } from "./base.ts";
import { checkBreaking } from "./breaking.ts";
import { checkGenerated, toProblems } from "./generated.ts";
import type { CheckNote, CheckPart, CheckProblem, PartResult } from "./problem.ts";

/** What to check. */
export interface CheckOptions {
  /** The project's root, absolute. */
  readonly root: string;
  /** Further folders that imports are relative to, absolute. */
  readonly protoPaths: readonly string[];
  /** A ref of git to tell breaking changes against. Default: where the default branch was left. */
  readonly against: string | undefined;
  /** The branch that a pull request is for, as CI says. */
  readonly pullRequestBase: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What was found. */
export interface CheckResult extends PartResult {
  /** What breaking changes were told against; undefined where a note says why not. */
  readonly base: Base | undefined;
  /** What was worked out about generated files; undefined when a proto is wrong. */
  readonly prepared: Prepared | undefined;
}

/**
 * Checks a project: generated files, lint, format and breaking changes, all at the same time. Writes nothing.
 *
 * @throws CliError as `generateFiles`, TOOL_FAILED, USAGE for a ref that git does not know
 */
export async function checkProject(options: CheckOptions): Promise<CheckResult> {
  const { root, protoPaths, signal } = options;
  const bundledDir = join(readOwnPackage().root, "third_party");
  const generation = { root, paths: [], protoPaths, prune: true, ...(signal && { signal }) };
  const { workspace, config } = openProject(generation, bundledDir);
  const tree = openBufTree(workspace);
  try {
    const further = [...config.proto.importRoots, ...protoPaths];
    const context = { ...options, workspace, tree, bundledDir, protoPaths: further };
    const [prepared, lint, format, breaking] = await Promise.all([
      prepareGeneration(generation),
      capture(() => lintProtos(context)),
      capture(() => compareFormat(context)),
      capture(() => compareWithBase(context)),
    ]);
    if (!prepared.ok) return onlyErrors(prepared.diagnostics);
    const parts = [lint, format, breaking].map(release);
    const generated = [...toProblems(prepared.diagnostics), ...(await checkGenerated(prepared))];
    return {
      problems: [...generated, ...parts.flatMap(({ problems }) => problems)],
      notes: parts.flatMap(({ notes }) => notes),
      base: parts[2]?.base,
      prepared,
    };
  } finally {
    tree.close();
  }
}

interface Context extends CheckOptions {
  readonly workspace: ProtoWorkspace;
  readonly tree: BufTree;
  readonly bundledDir: string;
}

interface BaseResult extends PartResult {
  readonly base?: Base;
}

/** A part's result, or why it has none: of a proto that does not compile, generation tells more. */
type Captured = { readonly result: BaseResult } | { readonly error: unknown };

async function capture(part: () => Promise<BaseResult>): Promise<Captured> {
  try {
    return { result: await part() };
  } catch (error) {
    return { error };
  }
}

function release(captured: Captured): BaseResult {
  if ("error" in captured) throw captured.error;
  return captured.result;
}

function onlyErrors(diagnostics: Parameters<typeof toProblems>[0]): CheckResult {
  const parts: CheckPart[] = ["lint", "format", "breaking"];
  const message = "not checked, since the protos hold errors";
  const notes: CheckNote[] = parts.map((part) => ({ part, message }));
  return { problems: toProblems(diagnostics), notes, base: undefined, prepared: undefined };
}

async function lintProtos({ workspace, tree, signal }: Context): Promise<PartResult> {
  const { root } = workspace;
  if (!["buf.yaml", "buf.work.yaml"].some((name) => existsSync(join(root, name)))) {
    const message = "not checked, since there is no buf.yaml that chooses rules";
    return { problems: [], notes: [{ part: "lint", message }] };
  }
  const found = await findWithBuf(["lint", ".", ...tree.ownPaths], tree.cwd, signal);
  const problems = found.map(({ path, rule, message, line, column }): CheckProblem => ({
    part: "lint",
    rule,
    severity: "error",
    file: displayPath(root, path === undefined ? root : tree.fromTree(path)),
    line,
    column,
    message: message.replace(/\.$/, ""),
    fixable: false,
  }));
  return { problems, notes: [] };
}

async function compareFormat({ workspace, tree, signal }: Context): Promise<PartResult> {
  const unformatted = await findUnformatted(workspace, tree, signal);
  const problems = unformatted.map(({ file, before, after }): CheckProblem => {
    const path = displayPath(workspace.root, file);
    return {
      part: "format",
      rule: "format",
      severity: "error",
      file: path,
      line: 1,
      column: 1,
      message: "is not formatted as buf format has it",
      diff: printUnifiedDiff({ path, before, after }),
      fixable: true,
    };
  });
  return { problems, notes: [] };
}

async function compareWithBase(context: Context): Promise<BaseResult> {
  const found = await findBase(context);
  if ("note" in found) {
    const message = `not checked: ${found.note}`;
    return { problems: [], notes: [{ part: "breaking", message }] };
  }
  const { base } = found;
  return { ...(await checkBreaking({ ...context, base })), base };
}
