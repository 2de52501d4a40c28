import { existsSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { CliError } from "../cli-error.ts";
import { readBufConfig, type BufModule } from "./buf-yaml.ts";
import { findProtoFiles, holdsProtoFiles } from "./proto-files.ts";

/** A folder that imports are relative to. */
export interface ProtoRoot {
  /** Absolute. */
  readonly dir: string;
  /** Folders below it that belong to it, absolute; empty: all. */
  readonly includes: readonly string[];
  /** Folders below it that do not belong to it, absolute. */
  readonly excludes: readonly string[];
  /** `project`: code is generated for its files; the others only serve imports. */
  readonly kind: "project" | "imports" | "bundled";
}

/** Where the protos of a project lie. */
export interface ProtoWorkspace {
  /** The project's root, absolute. */
  readonly root: string;
  readonly roots: readonly ProtoRoot[];
  /** `buf.yaml` names modules of a registry, so that buf must read it itself. */
  readonly native: boolean;
}

/** What to make a {@link ProtoWorkspace} from. Folders are absolute. */
export interface WorkspaceOptions {
  readonly root: string;
  /** What will be built; decides the roots of a project without `buf.yaml`. */
  readonly paths: readonly string[];
  readonly protoPaths: readonly string[];
  /** The schemas that come with the CLI: used where the project has no folder of the same import path. */
  readonly bundledDir: string;
}

const importFolders = ["third_party", "vendor"];

/**
 * Finds the roots: the modules of `buf.yaml`; without one `api/`, `internal/` and `third_party/`, or the
 * project's root when what is built lies elsewhere. Then the further import paths, and the bundled schemas.
 *
 * @throws CliError FILE_NOT_FOUND for an import path that is none, CONFIG_INVALID
 */
export function openWorkspace(options: WorkspaceOptions): ProtoWorkspace {
  const { root } = options;
  const config = readBufConfig(root);
  const own =
    config === undefined
      ? guessRoots(root, options.paths)
      : config.modules.map((module) => toRoot(root, module));
  const present = own.filter(({ dir }) => existsSync(dir) && holdsProtoFiles(dir));
  const withImports = options.protoPaths.reduce(addImportPath, present);
  const bundled = bundledRoot(options.bundledDir, withImports);
  return {
    root,
    roots: bundled === undefined ? withImports : [...withImports, bundled],
    native: config !== undefined && config.deps.length > 0,
  };
}

/** The root that `file` (absolute) belongs to, and its path for imports; undefined when there is none. */
export function findRoot(
  workspace: ProtoWorkspace,
  file: string,
): { readonly root: ProtoRoot; readonly importPath: string } | undefined {
  const root = workspace.roots.find(
    ({ dir, includes, excludes }) =>
      isInside(dir, file) &&
      (includes.length === 0 || includes.some((include) => isInside(include, file))) &&
      !excludes.some((exclude) => isInside(exclude, file)),
  );
  return root && { root, importPath: toSlashes(relative(root.dir, file)) };
}

/** The file that `importPath` stands for, absolute; undefined when no root has it. */
export function resolveImport(workspace: ProtoWorkspace, importPath: string): string | undefined {
  return workspace.roots
    .map(({ dir }) => join(dir, importPath))
    .find((file) => existsSync(file) && findRoot(workspace, file)?.importPath === importPath);
}

/** A path as the user writes it: relative to the project when it lies there, with `/`. */
export function displayPath(root: string, file: string): string {
  const path = toSlashes(relative(root, file));
  if (path === "") return ".";
  return isInside(root, file) ? path : toSlashes(file);
}

/** Whether `file` is `dir` or lies below it. */
export function isInside(dir: string, file: string): boolean {
  const path = relative(dir, file);
  return path === "" || (path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path));
}

/**
 * The innermost folder that holds `dir` and all of `others`.
 *
 * @throws CliError CONFIG_INVALID when there is none, which happens with drives
 */
export function commonFolder(dir: string, others: readonly string[]): string {
  let folder = dir;
  while (!others.every((other) => isInside(folder, other))) {
    if (folder === dirname(folder)) {
      throw new CliError("CONFIG_INVALID", `"${folder}" and other proto folders share no drive`, {
        hint: "copy the imported protos to the project's drive",
      });
    }
    folder = dirname(folder);
  }
  return folder;
}

/** With the separators that buf, imports and messages use everywhere. */
export function toSlashes(path: string): string {
  return sep === "/" ? path : path.replaceAll(sep, "/");
}

function toRoot(root: string, module: BufModule): ProtoRoot {
  const dir = resolve(root, module.path);
  return {
    dir,
    includes: module.includes.map((path) => resolve(root, path)),
    excludes: module.excludes.map((path) => resolve(root, path)),
    kind: isImportFolder(root, dir) ? "imports" : "project",
  };
}

function guessRoots(root: string, paths: readonly string[]): ProtoRoot[] {
  const layout = ["api", "internal"].map((name) => join(root, name)).filter(isFolder);
  const imports = importFolders.map((name) => join(root, name)).filter(isFolder);
  const fits = paths.every((path) => [...layout, ...imports].some((dir) => isInside(dir, path)));
  const own = layout.length > 0 && fits ? layout : [root];
  return [
    ...own.map((dir) => newRoot(dir, "project", dir === root ? imports : [])),
    ...imports.map((dir) => newRoot(dir, "imports")),
  ];
}

function addImportPath(roots: readonly ProtoRoot[], dir: string): ProtoRoot[] {
  if (!isFolder(dir)) {
    throw new CliError("FILE_NOT_FOUND", `import path "${dir}" is no folder`, {
      hint: "name a folder that imports are relative to with --proto_path",
    });
  }
  if (roots.some((root) => root.dir === dir) || !holdsProtoFiles(dir)) return [...roots];
  // buf wants every file in one module only: the inner of two folders keeps its files.
  const inner = roots.filter((root) => isInside(dir, root.dir)).map((root) => root.dir);
  const outer = roots.map((root) =>
    isInside(root.dir, dir) ? { ...root, excludes: [...root.excludes, dir] } : root,
  );
  return [...outer, newRoot(dir, "imports", inner)];
}

function bundledRoot(dir: string, roots: readonly ProtoRoot[]): ProtoRoot | undefined {
  const folders = [...new Set(findProtoFiles(dir).map((file) => dirname(file)))];
  const covered = folders.filter((folder) =>
    roots.some((root) => isFolder(join(root.dir, relative(dir, folder)))),
  );
  if (covered.length === folders.length) return undefined;
  return newRoot(dir, "bundled", covered);
}

function newRoot(
  dir: string,
  kind: ProtoRoot["kind"],
  excludes: readonly string[] = [],
): ProtoRoot {
  return { dir, includes: [], excludes, kind };
}

function isImportFolder(root: string, dir: string): boolean {
  return importFolders.some((name) => isInside(join(root, name), dir));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
