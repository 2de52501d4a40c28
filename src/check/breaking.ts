import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { openBufTree, type BufTree } from "../buf/buf-tree.ts";
import { findWithBuf } from "../buf/run-buf.ts";
import {
  displayPath,
  isInside,
  openWorkspace,
  toSlashes,
  type ProtoWorkspace,
} from "../buf/workspace.ts";
import { isCliError } from "../cli-error.ts";
import { askGit, splitGitList } from "../project/git.ts";
import type { Base } from "./base.ts";
import type { CheckProblem, PartResult } from "./problem.ts";

/** What to compare. */
export interface BreakingOptions {
  readonly workspace: ProtoWorkspace;
  readonly tree: BufTree;
  readonly base: Base;
  /** Further folders that imports are relative to, absolute. */
  readonly protoPaths: readonly string[];
  readonly bundledDir: string;
  readonly signal: AbortSignal | undefined;
}

/** What decides about breaking changes, as pathspecs. */
const inputs = ["*.proto", "buf.yaml", "buf.work.yaml", "buf.lock", "*/buf.yaml"];

/**
 * The changes since `base` that break those who use the protos, by the rules of `buf.yaml`. Looks only at roots in
 * which something has changed, each for itself: roots may have come and gone since.
 */
export async function checkBreaking(options: BreakingOptions): Promise<PartResult> {
  const { workspace, base, protoPaths, bundledDir } = options;
  const { root } = workspace;
  const changed = await listChanged(root, base);
  if (changed.length === 0) return { problems: [], notes: [] };
  const folder = mkdtempSync(join(tmpdir(), "kratos-ts-base-"));
  let oldTree: BufTree | undefined;
  try {
    const oldRoot = await checkOut(root, base, folder);
    const old = openWorkspace({
      root: oldRoot,
      paths: [],
      protoPaths: protoPaths.map((path) =>
        isInside(root, path) ? join(oldRoot, relative(root, path)) : path,
      ),
      bundledDir,
    });
    oldTree = openBufTree(old);
    return await compareRoots({ ...options, old, oldTree, changed });
  } finally {
    oldTree?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Comparison extends BreakingOptions {
  readonly old: ProtoWorkspace;
  readonly oldTree: BufTree;
  readonly changed: readonly string[];
}

async function compareRoots(options: Comparison): Promise<PartResult> {
  const { workspace, tree, old, oldTree, changed, base, signal } = options;
  const files = changed.filter((path) => path.endsWith(".proto"));
  const setup = files.length < changed.length;
  const concerned = old.roots.filter(
    ({ dir, kind }) =>
      kind === "project" && (setup || files.some((path) => isInside(dir, join(old.root, path)))),
  );
  const results = await Promise.all(
    concerned.map(async ({ dir }): Promise<PartResult> => {
      const place = resolve(workspace.root, relative(old.root, dir));
      const name = displayPath(workspace.root, place);
      if (!workspace.roots.some((each) => each.dir === place)) {
        const message = `every proto of "${name}" is gone since ${describe(base)}`;
        return { problems: [toProblem("FILE_NO_DELETE", name, message)], notes: [] };
      }
      const against = join(oldTree.cwd, oldTree.toTree(dir));
      try {
        const args = ["breaking", tree.toTree(place), "--against", against];
        const found = await findWithBuf(args, tree.cwd, signal);
        return {
          problems: found.map(({ path, rule, message, line, column }) => ({
            ...toProblem(rule, "", message.replace(/\.$/, "")),
            file: path === undefined ? name : displayPath(workspace.root, tree.fromTree(path)),
            line,
            column,
          })),
          notes: [],
        };
      } catch (error) {
        if (!isCliError(error) || error.code !== "TOOL_FAILED") throw error;
        const message = `buf cannot compare "${name}" with ${describe(base)}: ${error.details ?? ""}`;
        return { problems: [], notes: [{ part: "breaking", message: message.trim() }] };
      }
    }),
  );
  return {
    problems: results.flatMap(({ problems }) => problems),
    notes: results.flatMap(({ notes }) => notes),
  };
}

/** As people read it: the name and the beginning of the commit's id. */
export function describe({ name, commit }: Base): string {
  const short = commit.slice(0, 7);
  return commit.startsWith(name) ? short : `${name} (${short})`;
}

function toProblem(rule: string, file: string, message: string): CheckProblem {
  return {
    part: "breaking",
    rule,
    severity: "error",
    file,
    line: 1,
    column: 1,
    message,
    fixable: false,
  };
}

/** What has changed since `base`, on disk, relative to `root`. What git does not know yet breaks nobody. */
async function listChanged(root: string, { commit }: Base): Promise<string[]> {
  const args = ["diff", "--name-only", "--relative", "--no-renames", "--no-ext-diff", "-z", commit];
  const answer = await askGit([...args, "--", ...inputs], { cwd: root });
  return splitGitList(answer ?? "").map(toSlashes);
}

/** Writes the protos of `base` below `folder`, with an index of its own; returns where the project lies there. */
async function checkOut(root: string, { commit }: Base, folder: string): Promise<string> {
  const top = (await askGit(["rev-parse", "--show-toplevel"], { cwd: root })) ?? root;
  const prefix = (await askGit(["rev-parse", "--show-prefix"], { cwd: root })) ?? "";
  const query = { cwd: top, env: { GIT_INDEX_FILE: join(folder, "index") } };
  const out = join(folder, "tree");
  await askGit(["read-tree", commit], query);
  const files = await askGit(["ls-files", "-z", "--", ...inputs], query);
  await askGit(["checkout-index", "-z", "--stdin", `--prefix=${toSlashes(out)}/`], {
    ...query,
    input: files ?? "",
  });
  return join(out, prefix);
}
