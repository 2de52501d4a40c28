import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { foundSomething, runBuf } from "./run-buf.ts";
import { findProtoFiles } from "./proto-files.ts";
import type { BufTree } from "./buf-tree.ts";
import { resolveImport, toSlashes, type ProtoWorkspace } from "./workspace.ts";

/** A proto that `buf format` would change. */
export interface UnformattedProto {
  /** Absolute. */
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/**
 * The project's own protos that are not as `buf format` writes them. Writes nothing into the project.
 *
 * @throws CliError TOOL_FAILED, also for protos that cannot be parsed; CANCELLED
 */
export async function findUnformatted(
  workspace: ProtoWorkspace,
  { cwd, ownPaths }: BufTree,
  signal: AbortSignal | undefined,
): Promise<UnformattedProto[]> {
  const look = ["format", ".", ...ownPaths, "--diff", "--exit-code", "--log-format=text"];
  // Mostly nothing is found, which costs no files to write and to read.
  if ((await runBuf(look, cwd, signal, [0, foundSomething])).exitCode === 0) return [];
  const out = mkdtempSync(join(tmpdir(), "kratos-ts-format-"));
  try {
    await runBuf(["format", ".", ...ownPaths, "--output", out, "--log-format=text"], cwd, signal);
    return findProtoFiles(out).flatMap((formatted) => {
      const file = resolveImport(workspace, toSlashes(relative(out, formatted)));
      if (file === undefined) return [];
      const before = readFileSync(file, "utf8");
      const after = readFileSync(formatted, "utf8");
      return before === after ? [] : [{ file, before, after }];
    });
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
