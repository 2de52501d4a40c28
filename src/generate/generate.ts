import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { CliError } from "../cli-error.ts";
import { readOwnPackage } from "../project/own-package.ts";
import { findOrphans } from "./find-orphans.ts";
import type { GenerateOptions, GenerateResult } from "./options.ts";
import { planGeneration } from "./plan.ts";
import { printFiles } from "./print.ts";
import { readTemplates } from "./read-templates.ts";
import { compareFiles, writeFiles, type OutputFile } from "./write-files.ts";

/**
 * Generates code beside the protos of a project: builds descriptors, plans, prints, then writes what
 * changed or compares. Writes nothing at all when a proto holds an error.
 *
 * @throws CliError FILE_NOT_FOUND, FILE_EXISTS (a file that is not ours is in the way), TOOL_FAILED,
 * CONFIG_INVALID, WRITE_FAILED, CANCELLED
 */
export async function generateFiles(options: GenerateOptions): Promise<GenerateResult> {
  const own = readOwnPackage();
  const plan = await planGeneration(options, join(own.root, "third_party"));
  if (!plan.ok) return { ...nothing, diagnostics: plan.diagnostics };

  const { workspace, targets, diagnostics } = plan;
  const files = printFiles(plan, readTemplates(own.root));
  const { missing, stale, unchanged } = compareFiles(workspace.root, files);
  // Files of kinds that were not asked for are none of our business.
  const outputs = new Set(files.map(({ path }) => path));
  const orphaned = options.emit === undefined ? findOrphans(workspace, targets, outputs) : [];
  const result = {
    ...nothing,
    diagnostics,
    unchanged: paths(unchanged),
    orphaned: orphaned.sort(),
  };
  if (options.check === true) return { ...result, missing: paths(missing), stale: paths(stale) };

  const changed = [...missing, ...stale];
  await refuseAborted(options.signal);
  writeFiles(workspace.root, changed);
  return { ...result, written: paths(changed) };
}

/** The work since the descriptors came left signals no time to be heard. */
async function refuseAborted(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  if (signal?.aborted === true) {
    throw new CliError("CANCELLED", "ended before anything was written");
  }
}

const nothing: GenerateResult = {
  diagnostics: [],
  written: [],
  unchanged: [],
  missing: [],
  stale: [],
  orphaned: [],
};

function paths(files: readonly OutputFile[]): string[] {
  return files.map(({ path }) => path).sort();
}
