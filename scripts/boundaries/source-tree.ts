import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { matchesAny } from "./glob.ts";
import type { SourceFile } from "./source-file.ts";
import { parseSourceFile } from "./source-file.ts";

/** A `package.json` of the repository, as far as imports are concerned. */
export interface PackageInfo {
  readonly name: string;
  /** Its folder from the root, with `/`; empty for the root itself. */
  readonly folder: string;
  /** Public entries by specifier (`@kratos-ts/runtime/http`), as source files from the root. */
  readonly entries: ReadonlyMap<string, string>;
  /** Names that its files may import: dependencies, peers, and those for development. */
  readonly dependencies: ReadonlySet<string>;
}

/** Everything that the rules look at. */
export interface SourceTree {
  readonly files: ReadonlyMap<string, SourceFile>;
  /** Deepest folder first, so that the first whose folder holds a file is the file's package. */
  readonly packages: readonly PackageInfo[];
}

const skippedFolders = new Set(["node_modules", "dist", ".git", ".cache"]);
const sourceName = /(?<!\.d)\.[cm]?ts$/;

/** Reads and parses every TypeScript file under `root` that `include` matches and `exclude` does not. */
export function readTree(
  root: string,
  include: readonly string[],
  exclude: readonly string[] = [],
): SourceTree {
  const files = new Map<string, SourceFile>();
  const packages: PackageInfo[] = [];
  const visit = (folder: string): void => {
    const entries = readdirSync(join(root, folder), { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !skippedFolders.has(entry.name)) {
        if (!matchesAny(`${path}/`, exclude)) visit(path);
      } else if (entry.name === "package.json") {
        packages.push(readPackage(root, folder));
      } else if (isSource(path, include, exclude)) {
        files.set(path, parseSourceFile(path, readFileSync(join(root, path), "utf8")));
      }
    }
  };
  visit("");
  packages.sort((a, b) => b.folder.length - a.folder.length);
  return { files, packages };
}

/** The package that the file at `path` belongs to. */
export function packageOf(tree: SourceTree, path: string): PackageInfo | undefined {
  return tree.packages.find(({ folder }) => folder === "" || path.startsWith(`${folder}/`));
}

function isSource(path: string, include: readonly string[], exclude: readonly string[]): boolean {
  return sourceName.test(path) && matchesAny(path, include) && !matchesAny(path, exclude);
}

interface PackageJson {
  readonly name?: string;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

function readPackage(root: string, folder: string): PackageInfo {
  const file = join(root, folder, "package.json");
  if (!existsSync(file)) throw new Error(`"${file}" is not there`);
  const json = JSON.parse(readFileSync(file, "utf8")) as PackageJson;
  const name = json.name ?? "";
  const entries = new Map<string, string>();
  for (const [subpath, target] of Object.entries(json.exports ?? {})) {
    const source = typeof target === "string" ? target : target["@kratos-ts/source"];
    if (source === undefined) continue;
    entries.set(name + subpath.slice(1), join(folder, source).replaceAll("\\", "/"));
  }
  const dependencies = new Set([
    ...Object.keys(json.dependencies ?? {}),
    ...Object.keys(json.devDependencies ?? {}),
    ...Object.keys(json.peerDependencies ?? {}),
  ]);
  return { name, folder, entries, dependencies };
}
