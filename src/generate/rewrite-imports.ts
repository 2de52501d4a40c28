import type { FileDescriptorSet } from "@bufbuild/protobuf/wkt";
import { relative } from "node:path";
import { findRoot, resolveImport, toSlashes, type ProtoWorkspace } from "../buf/workspace.ts";
import type { Target } from "./targets.ts";

/** Where generated code of the bundled schemas comes from. */
const providedBy = "@kratos-ts/runtime/protos";

/**
 * Parameters that make protoplugin import code of the bundled schemas from the runtime: generated code
 * names a file by its proto, as if all protos lay in one root.
 */
export function rewriteProvided(provided: Iterable<string>): string[] {
  return [...provided].map((importPath) => rewrite(importPath, "_pb", providedBy));
}

/**
 * Parameters that make generated code of `targets`, which share a root, import code of other roots from
 * where it lies.
 */
export function rewriteRoots(
  workspace: ProtoWorkspace,
  targets: readonly Target[],
  set: FileDescriptorSet,
  provided: ReadonlySet<string>,
): string[] {
  const [first] = targets;
  if (first === undefined) return [];
  const own = new Set(targets.map(({ importPath }) => importPath));
  const imports = new Set(
    set.file.flatMap(({ name, dependency }) => (own.has(name) ? dependency : [])),
  );
  return [...imports].flatMap((importPath) => {
    if (provided.has(importPath)) return [];
    const file = resolveImport(workspace, importPath);
    const root = file === undefined ? undefined : findRoot(workspace, file)?.root;
    if (root === undefined || root.dir === first.root.dir) return [];
    const path = toSlashes(relative(first.root.dir, root.dir));
    const target = path.startsWith(".") ? path : `./${path}`;
    return ["_pb", "_config"].map((suffix) => rewrite(importPath, suffix, target));
  });
}

function rewrite(importPath: string, suffix: string, target: string): string {
  return `rewrite_imports=./${importPath.replace(/\.proto$/, suffix)}.js:${target}`;
}
