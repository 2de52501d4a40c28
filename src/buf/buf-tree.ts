import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { moveRules, readBufRules, type BufRules, type BufRuleSet } from "./buf-rules.ts";
import { readBufConfig } from "./buf-yaml.ts";
import { findProtoFiles } from "./proto-files.ts";
import { selectPaths } from "./select-paths.ts";
import {
  commonFolder,
  findRoot,
  toSlashes,
  type ProtoRoot,
  type ProtoWorkspace,
} from "./workspace.ts";

/** A folder in which buf, run as it is, finds all that a workspace holds. */
export interface BufTree {
  /** Where to run buf, absolute. */
  readonly cwd: string;
  /** The file or folder of the tree that stands for one of the workspace, relative to `cwd`. */
  toTree(path: string): string;
  /** The reverse: a path of buf's, as an absolute one of the workspace. */
  fromTree(path: string): string;
  /** `--path` for each part of the workspace that is the project's own. */
  readonly ownPaths: readonly string[];
  /** Removes what was made for it. */
  close(): void;
}

/** Where the schemas that come with the CLI lie in a tree. */
const bundledName = "kratos-ts-schemas";

/**
 * Opens a tree: the project itself where its `buf.yaml` says all; else a copy of its protos together with the
 * schemas that come with the CLI and the further import roots, which buf does not know of.
 */
export function openBufTree(workspace: ProtoWorkspace): BufTree {
  const { root, roots } = workspace;
  const own = roots.filter(({ kind }) => kind === "project").map(({ dir }) => dir);
  const base = isWhole(workspace)
    ? root
    : commonFolder(
        root,
        roots.filter(({ kind }) => kind !== "bundled").map(({ dir }) => dir),
      );
  const cwd = isWhole(workspace) ? root : mkdtempSync(join(tmpdir(), "kratos-ts-buf-"));
  const toTree = (path: string): string => toSlashes(relative(base, path)) || ".";
  if (cwd !== root) copyInto(cwd, workspace, toTree);
  return {
    cwd,
    toTree,
    fromTree: (path) => join(base, relative(cwd, resolve(cwd, path))),
    ownPaths: selectPaths(workspace, own).flatMap((path) => ["--path", toTree(path)]),
    close: () => {
      if (cwd !== root) rmSync(cwd, { recursive: true, force: true });
    },
  };
}

function isWhole({ root, roots, native }: ProtoWorkspace): boolean {
  if (native) return true;
  const modules = readBufConfig(root)?.modules.map(({ path }) => resolve(root, path)) ?? [];
  return roots.every(({ dir }) => modules.includes(dir));
}

function copyInto(cwd: string, workspace: ProtoWorkspace, toTree: (path: string) => string): void {
  const { root, roots } = workspace;
  const place = (own: ProtoRoot, path: string): string =>
    own.kind === "bundled" ? join(bundledName, relative(own.dir, path)) : toTree(path);
  for (const each of roots) {
    for (const file of findProtoFiles(each.dir)) {
      if (findRoot(workspace, file)?.root !== each) continue;
      const copy = join(cwd, place(each, file));
      mkdirSync(dirname(copy), { recursive: true });
      copyFileSync(file, copy);
    }
  }
  const rules = readBufRules(root);
  const hasBundled = existsSync(join(cwd, bundledName));
  const modules = roots
    .map((each) => toModule(each, workspace, rules, toTree, (path) => toSlashes(place(each, path))))
    .map((module) =>
      module.path === "." && hasBundled
        ? { ...module, excludes: [...module.excludes, bundledName] }
        : module,
    );
  const prefix = toTree(root);
  const config = { version: "v2", modules, ...pickRules(rules, prefix) };
  writeFileSync(join(cwd, "buf.yaml"), JSON.stringify(config)); // which is YAML, too
}

interface TreeModule {
  readonly path: string;
  readonly includes: readonly string[];
  readonly excludes: readonly string[];
}

function toModule(
  { dir, kind, includes, excludes }: ProtoRoot,
  { root }: ProtoWorkspace,
  rules: BufRules | undefined,
  toTree: (path: string) => string,
  place: (path: string) => string,
): TreeModule {
  const path = place(dir);
  const chosen = rules?.modules.find((module) => resolve(root, module.path) === dir);
  const ignored = { lint: { ignore: [path] }, breaking: { ignore: [path] } };
  return {
    path,
    // What a copy leaves out need not be excluded.
    includes: kind === "bundled" ? [] : includes.map(place),
    excludes: kind === "bundled" ? [] : excludes.filter((each) => existsSync(each)).map(place),
    ...(kind === "project" ? pickRules(chosen, toTree(root)) : ignored),
  };
}

function pickRules(
  rules:
    | { readonly lint: BufRuleSet | undefined; readonly breaking: BufRuleSet | undefined }
    | undefined,
  prefix: string,
): object {
  return {
    ...(rules?.lint === undefined ? {} : { lint: moveRules(rules.lint, prefix) }),
    ...(rules?.breaking === undefined ? {} : { breaking: moveRules(rules.breaking, prefix) }),
  };
}
