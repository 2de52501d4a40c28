import { statSync } from "node:fs";
import { join } from "node:path";
import type { Diagnostic } from "../diagnostic.ts";
import { readOwnPackage } from "../project/own-package.ts";
import { findOrphans } from "./find-orphans.ts";
import type { GenerateOptions } from "./options.ts";
import { planGeneration, type Plan } from "./plan.ts";
import { printFiles } from "./print.ts";
import { readTemplates } from "./read-templates.ts";
import { ownFolders, resolvePaths } from "./targets.ts";
import { compareFiles, type Comparison, type OutputFile } from "./write-files.ts";
import { findEdited } from "./written-record.ts";

/** What a run would do, worked out to the last byte; or the errors that keep us from it. */
export type Prepared =
  { readonly ok: false; readonly diagnostics: readonly Diagnostic[] } | PreparedFiles;

/** Files as they should be, by what is on disk in their place. Paths are relative to `root`. */
export interface PreparedFiles extends Comparison {
  readonly ok: true;
  readonly root: string;
  /** Warnings. */
  readonly diagnostics: readonly Diagnostic[];
  readonly outputs: readonly OutputFile[];
  /** Generated files that nothing stands for any more. */
  readonly orphaned: readonly string[];
  /** Those of `stale` and `orphaned` that were edited by hand. */
  readonly edited: ReadonlySet<string>;
}

/**
 * Builds, plans, prints and compares; writes nothing.
 *
 * @throws CliError as `generateFiles`, but for WRITE_FAILED and FILE_EDITED
 */
export async function prepareGeneration(options: GenerateOptions): Promise<Prepared> {
  const own = readOwnPackage();
  const plan = await planGeneration(options, join(own.root, "third_party"));
  if (!plan.ok) return plan;
  const outputs = printFiles(plan, readTemplates(own.root));
  return compareWithDisk(plan, outputs, options);
}

/** Compares what was printed of `plan` with what is on disk. */
export async function compareWithDisk(
  plan: Plan & { readonly ok: true },
  outputs: readonly OutputFile[],
  options: GenerateOptions,
): Promise<PreparedFiles> {
  const { workspace, targets, diagnostics } = plan;
  const { root } = workspace;
  const comparison = compareFiles(root, outputs);
  const names = new Set(outputs.map(({ path }) => path));
  const named = resolvePaths(root, options.paths).filter((path) => statSync(path).isDirectory());
  const folders = options.paths.length > 0 ? named : ownFolders(workspace);
  // Files of kinds that were not asked for are none of our business.
  const orphaned =
    options.emit === undefined ? findOrphans(workspace, targets, folders, names) : [];
  const replaced = [...comparison.stale.map(({ path }) => path), ...orphaned];
  const edited = new Set(await findEdited(root, replaced));
  return { ok: true, root, diagnostics, outputs, ...comparison, orphaned, edited };
}
