import { statSync } from "node:fs";
import { resolve } from "node:path";
import { findProtoFiles } from "../buf/proto-files.ts";
import {
  displayPath,
  findRoot,
  isInside,
  type ProtoRoot,
  type ProtoWorkspace,
} from "../buf/workspace.ts";
import { CliError } from "../cli-error.ts";

/** A proto file to generate code of. */
export interface Target {
  /** Absolute. */
  readonly file: string;
  readonly root: ProtoRoot;
  /** Relative to `root`, as other protos import it. */
  readonly importPath: string;
}

/**
 * Finds the proto files that `paths` (absolute) stand for. Folders leave out what only serves imports, and
 * `provided` import paths, whose code comes with the runtime.
 *
 * @throws CliError FILE_NOT_FOUND
 */
export function findTargets(
  workspace: ProtoWorkspace,
  paths: readonly string[],
  provided: ReadonlySet<string>,
): Target[] {
  const targets = new Map<string, Target>();
  for (const path of paths) {
    const found = findTargetsAt(workspace, path).filter(
      (target) => !provided.has(target.importPath),
    );
    if (found.length === 0) {
      throw new CliError(
        "FILE_NOT_FOUND",
        `no protos to generate code of in ${show(workspace, path)}`,
        {
          hint: "name a .proto file of your own, or a folder with some",
        },
      );
    }
    for (const target of found) targets.set(target.file, target);
  }
  return [...targets.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** The folders with protos of the project's own: what is generated when nothing is named. */
export function ownFolders(workspace: ProtoWorkspace): string[] {
  const own = workspace.roots.filter(({ kind }) => kind === "project").map(({ dir }) => dir);
  if (own.length > 0) return own;
  throw new CliError("FILE_NOT_FOUND", "this project has no .proto files", {
    hint: "write one with kratos-ts proto add api/order/v1/order.proto",
  });
}

/** Resolves what was named on the command line, before anything is known of the project. */
export function resolvePaths(root: string, paths: readonly string[]): string[] {
  return paths.map((path) => {
    const absolute = resolve(root, path);
    const stat = statSync(absolute, { throwIfNoEntry: false });
    if (stat === undefined) {
      throw new CliError("FILE_NOT_FOUND", `"${path}" does not exist`, {
        hint: "name a .proto file, or a folder with some",
      });
    }
    if (stat.isFile() && !absolute.endsWith(".proto")) {
      throw new CliError("FILE_NOT_FOUND", `"${path}" is no .proto file`);
    }
    return absolute;
  });
}

function findTargetsAt(workspace: ProtoWorkspace, path: string): Target[] {
  const isFile = path.endsWith(".proto") && (statSync(path).isFile() ?? false);
  const files = isFile ? [path] : findProtoFiles(path);
  // A folder inside an import root was meant; one above it was not.
  const isMeant = (root: ProtoRoot): boolean => root.kind === "project" || isInside(root.dir, path);
  return files.flatMap((file) => {
    const found = findRoot(workspace, file);
    if (found !== undefined) return isMeant(found.root) ? [{ file, ...found }] : [];
    if (!isFile) return [];
    const roots = workspace.roots.filter(({ kind }) => kind !== "bundled");
    const names = roots.map(({ dir }) => show(workspace, dir)).join(", ");
    throw new CliError("FILE_NOT_FOUND", `${show(workspace, file)} lies in none of ${names}`, {
      hint: "move it there, or add its folder to the modules of buf.yaml",
    });
  });
}

function show(workspace: ProtoWorkspace, path: string): string {
  return `"${displayPath(workspace.root, path)}"`;
}
