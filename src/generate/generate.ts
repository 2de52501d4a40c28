import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { CliError } from "../cli-error.ts";
import { nothing, type GenerateOptions, type GenerateResult } from "./options.ts";
import { prepareGeneration, type PreparedFiles } from "./prepare.ts";
import { removeFiles, writeFiles, type OutputFile } from "./write-files.ts";
import { updateRecord } from "./written-record.ts";

/**
 * Generates code beside the protos of a project: builds descriptors, plans, prints, then writes what
 * changed or compares. Writes nothing at all when a proto holds an error.
 *
 * @throws CliError FILE_NOT_FOUND, FILE_EXISTS (a file that is not ours is in the way), FILE_EDITED (without
 * `force`), TOOL_FAILED, CONFIG_INVALID, WRITE_FAILED, CANCELLED
 */
export async function generateFiles(options: GenerateOptions): Promise<GenerateResult> {
  const prepared = await prepareGeneration(options);
  if (!prepared.ok) return { ...nothing, diagnostics: prepared.diagnostics };
  if (options.check === true) return describeDifferences(prepared);
  return writePrepared(prepared, options);
}

/** Does what was prepared: all of it or nothing. */
export async function writePrepared(
  prepared: PreparedFiles,
  options: GenerateOptions,
): Promise<GenerateResult> {
  const { root, diagnostics, outputs, missing, stale, unchanged, orphaned } = prepared;
  const removed = options.prune === true ? orphaned : [];
  const changed = [...missing, ...stale];
  const replaced = new Set([...removed, ...paths(stale)]);
  const edited = [...prepared.edited].filter((path) => replaced.has(path)).sort();
  if (options.force !== true) refuseEdited(edited);
  await refuseAborted(options.signal);
  const copies = edited.map((path) => copyAside(root, path));
  writeFiles(root, [...copies, ...changed]);
  removeFiles(root, removed);
  updateRecord(root, outputs, removed);
  return {
    ...nothing,
    diagnostics,
    written: paths(changed),
    unchanged: paths(unchanged),
    edited,
    kept: paths(copies),
    removed,
    orphaned: options.prune === true ? [] : orphaned,
  };
}

function describeDifferences(prepared: PreparedFiles): GenerateResult {
  const { diagnostics, missing, stale, unchanged, orphaned, edited } = prepared;
  return {
    ...nothing,
    diagnostics,
    unchanged: paths(unchanged),
    missing: paths(missing),
    stale: paths(stale).filter((path) => !edited.has(path)),
    edited: [...edited].sort(),
    orphaned,
  };
}

function refuseEdited(edited: readonly string[]): void {
  if (edited.length === 0) return;
  const names = edited.map((path) => `"${path}"`).join(", ");
  const were = edited.length === 1 ? "was" : "were";
  throw new CliError("FILE_EDITED", `${names} ${were} edited by hand, nothing was written`, {
    hint: "move the change into a file of your own; kratos-ts generate --force keeps a copy beside it",
  });
}

/** Not `.ts`, so that no compiler takes the copy for a module. */
function copyAside(root: string, path: string): OutputFile {
  for (let count = 1; ; count++) {
    const copy = `${path}.edited${count === 1 ? "" : `.${count}`}`;
    if (existsSync(join(root, copy))) continue;
    return { path: copy, content: readFileSync(join(root, path), "utf8") };
  }
}

/** The work since the descriptors came left signals no time to be heard. */
async function refuseAborted(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  if (signal?.aborted === true) {
    throw new CliError("CANCELLED", "ended before anything was written");
  }
}

function paths(files: readonly OutputFile[]): string[] {
  return files.map(({ path }) => path).sort();
}
