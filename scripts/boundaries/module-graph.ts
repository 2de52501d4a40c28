import { posix } from "node:path";
import type { ImportReference } from "./source-file.ts";
import type { SourceTree } from "./source-tree.ts";

/** What an import leads to. */
export type ImportTarget =
  | { readonly kind: "file"; readonly path: string }
  /** Outside the tree that was read: a package or a module of Node. */
  | { readonly kind: "outside"; readonly name: string };

/** Follows an import. A relative one leads to a path even when no file is there. */
export function resolveImport(tree: SourceTree, from: string, specifier: string): ImportTarget {
  if (specifier.startsWith(".")) {
    return { kind: "file", path: posix.join(posix.dirname(from), specifier) };
  }
  for (const { entries } of tree.packages) {
    const path = entries.get(specifier);
    if (path !== undefined) return { kind: "file", path };
  }
  return { kind: "outside", name: packageName(specifier) };
}

/** `@scope/name/entry` → `@scope/name`; `node:fs/promises` → `node:fs`. */
export function packageName(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** One step on the way from a file to what it pulls in. */
export interface Edge {
  readonly from: string;
  readonly reference: ImportReference;
  readonly target: ImportTarget;
}

/** The imports of `path` that stay when types are erased and load at once. */
export function eagerEdges(tree: SourceTree, path: string): Edge[] {
  const imports = tree.files.get(path)?.imports ?? [];
  return imports
    .filter(({ typeOnly, dynamic }) => !typeOnly && !dynamic)
    .map((reference) => ({
      from: path,
      reference,
      target: resolveImport(tree, path, reference.specifier),
    }));
}

/** Every eager import of the files that `start` pulls in, each file visited once, breadth first. */
export function reachFrom(tree: SourceTree, start: string): Edge[] {
  const seen = new Set([start]);
  const queue = [start];
  const edges: Edge[] = [];
  for (const path of queue) {
    for (const edge of eagerEdges(tree, path)) {
      edges.push(edge);
      if (edge.target.kind !== "file" || seen.has(edge.target.path)) continue;
      seen.add(edge.target.path);
      queue.push(edge.target.path);
    }
  }
  return edges;
}
