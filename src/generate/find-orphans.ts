import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { displayPath, type ProtoWorkspace } from "../buf/workspace.ts";
import type { Target } from "./targets.ts";
import { isGenerated, readText } from "./write-files.ts";

/**
 * Finds generated files beside `targets` that nothing stands for any more: their proto is gone, or is one
 * of the targets and no longer makes them. `outputs` are relative to the root, as is what is returned.
 */
export function findOrphans(
  workspace: ProtoWorkspace,
  targets: readonly Target[],
  outputs: ReadonlySet<string>,
): string[] {
  const folders = [...new Set(targets.map(({ file }) => dirname(file)))];
  const protos = new Set(targets.map(({ file }) => file));
  return folders.flatMap((folder) =>
    readdirSync(folder).flatMap((name) => {
      const stem = /^(.*)_(?:pb|http|grpc|errors|config)\.ts$/.exec(name)?.[1];
      const file = join(folder, name);
      const path = displayPath(workspace.root, file);
      if (stem === undefined || outputs.has(path)) return [];
      const proto = join(folder, `${stem}.proto`);
      if (existsSync(proto) && !protos.has(proto)) return [];
      return isGenerated(readText(file) ?? "") ? [path] : [];
    }),
  );
}
