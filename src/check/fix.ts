import { join } from "node:path";
import { openBufTree } from "../buf/buf-tree.ts";
import { findUnformatted } from "../buf/format.ts";
import { displayPath } from "../buf/workspace.ts";
import { isCliError } from "../cli-error.ts";
import {
  openProject,
  prepareGeneration,
  writeFiles,
  writePrepared,
  type GenerateOptions,
} from "../generate/index.ts";
import { readOwnPackage } from "../project/own-package.ts";
import type { CheckOptions } from "./check.ts";

/**
 * Mends what can be: formats the project's protos, then generates, but for what was edited by hand. Returns what it
 * has changed, relative to the root.
 *
 * @throws CliError as `generateFiles`
 */
export async function fixProject({ root, protoPaths, signal }: CheckOptions): Promise<string[]> {
  const options = { root, paths: [], protoPaths, prune: true, ...(signal && { signal }) };
  const formatted = await formatProtos(options);
  const prepared = await prepareGeneration(options);
  if (!prepared.ok) return formatted;
  const { edited } = prepared;
  const { written, removed } = await writePrepared(
    {
      ...prepared,
      stale: prepared.stale.filter(({ path }) => !edited.has(path)),
      orphaned: prepared.orphaned.filter((path) => !edited.has(path)),
      outputs: prepared.outputs.filter(({ path }) => !edited.has(path)),
      edited: new Set(),
    },
    options,
  );
  return [...formatted, ...written, ...removed].sort();
}

async function formatProtos(options: GenerateOptions): Promise<string[]> {
  const { root, signal } = options;
  const { workspace } = openProject(options, join(readOwnPackage().root, "third_party"));
  const tree = openBufTree(workspace);
  try {
    const unformatted = await findUnformatted(workspace, tree, signal);
    const files = unformatted.map(({ file, after }) => ({
      path: displayPath(root, file),
      content: after,
    }));
    writeFiles(root, files);
    return files.map(({ path }) => path);
  } catch (error) {
    // A proto that cannot be parsed; generation tells what is wrong with it, and where.
    if (isCliError(error) && error.code === "TOOL_FAILED") return [];
    throw error;
  } finally {
    tree.close();
  }
}
