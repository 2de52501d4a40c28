import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { displayPath, findRoot, type ProtoWorkspace } from "../buf/workspace.ts";
import type { Target } from "./targets.ts";
import { isGenerated, readText } from "./write-files.ts";

/**
 * Finds generated files that nothing stands for any more: their proto is gone, or is one of `targets` and no
 * longer makes them. Looks beside `targets` and in `folders` (absolute) with all that is below. `outputs` are
 * relative to the root, as is what is returned, in alphabetical order.
 */
export function findOrphans(
  workspace: ProtoWorkspace,
  targets: readonly Target[],
  folders: readonly string[],
  outputs: ReadonlySet<string>,
): string[] {
  const beside = targets.map(({ file }) => dirname(file));
  const below = folders.flatMap((folder) => listFolders(folder));
  const protos = new Set(targets.map(({ file }) => file));
  const orphans = [...new Set([...beside, ...below])].flatMap((folder) =>
    readdirSync(folder).flatMap((name) => {
      const stem = /^(.*)_(?:(?:pb|http|grpc|errors|config)\.ts|openapi\.yaml)$/.exec(name)?.[1];
      const file = join(folder, name);
      const path = displayPath(workspace.root, file);
      if (stem === undefined || outputs.has(path)) return [];
      const proto = join(folder, `${stem}.proto`);
      if (existsSync(proto) && !protos.has(proto)) return [];
      return standsFor(workspace, proto, readText(file) ?? "") ? [path] : [];
    }),
  );
  return orphans.sort();
}

/** Whether a file was generated of the proto beside it: what another program puts elsewhere is not ours. */
function standsFor(workspace: ProtoWorkspace, proto: string, content: string): boolean {
  if (!isGenerated(content)) return false;
  const source = /^(?:\/\/|#) @generated from file (.*?) \(/m.exec(content)?.[1];
  return source !== undefined && source === findRoot(workspace, proto)?.importPath;
}

function listFolders(folder: string): string[] {
  const inner = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules",
  );
  return [folder, ...inner.flatMap(({ name }) => listFolders(join(folder, name)))];
}
