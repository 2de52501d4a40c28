import type { FileDescriptorSet } from "@bufbuild/protobuf/wkt";
import { execa } from "execa";
import { relative } from "node:path";
import { CliError } from "../cli-error.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { findBufBinary } from "./buf-binary.ts";
import { readBufErrors } from "./buf-errors.ts";
import { readDescriptorSet } from "./read-descriptor-set.ts";
import { selectPaths } from "./select-paths.ts";
import { commonFolder, toSlashes, type ProtoRoot, type ProtoWorkspace } from "./workspace.ts";

/** Descriptors, in an order in which imports come first; or what is wrong. */
export type BuildResult =
  | { readonly ok: true; readonly set: FileDescriptorSet }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

const gibibyte = 2 ** 30;

/**
 * Compiles `paths` (files or folders, absolute; empty: everything) and all that they import. Comments and
 * positions are there for the import paths that `needsSource` asks for; default: all.
 *
 * @throws CliError TOOL_FAILED, CONFIG_INVALID, CANCELLED
 */
export async function buildDescriptorSet(
  workspace: ProtoWorkspace,
  paths: readonly string[],
  needsSource: (importPath: string) => boolean = () => true,
  signal?: AbortSignal,
): Promise<BuildResult> {
  const { root, roots, native } = workspace;
  const used = native ? [] : roots;
  const cwd = commonFolder(
    root,
    used.map(({ dir }) => dir),
  );
  const fromCwd = (path: string): string => toSlashes(relative(cwd, path)) || ".";

  const { failed, isCanceled, exitCode, stdout, stderr, cause, shortMessage } = await execa(
    findBufBinary(),
    [
      "build",
      ".",
      "--as-file-descriptor-set",
      "--error-format=json",
      "--log-format=text",
      "--output=-#format=binpb",
      ...(native ? [] : ["--config", JSON.stringify(toBufConfig(roots, fromCwd))]),
      ...selectPaths(workspace, paths).flatMap((path) => ["--path", fromCwd(path)]),
    ],
    {
      cwd,
      encoding: "buffer",
      stdin: "ignore",
      reject: false,
      maxBuffer: gibibyte,
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    },
  );
  if (!failed) return { ok: true, set: readDescriptorSet(stdout, needsSource) };
  if (isCanceled) throw new CliError("CANCELLED", "ended before anything was written");
  if (exitCode === undefined) {
    throw new CliError("TOOL_FAILED", "buf did not run to its end", {
      details: shortMessage ?? "",
      cause,
    });
  }
  const diagnostics = readBufErrors(new TextDecoder().decode(stderr), workspace, cwd);
  return { ok: false, diagnostics };
}

function toBufConfig(roots: readonly ProtoRoot[], fromCwd: (path: string) => string): object {
  return {
    version: "v2",
    modules: roots.map(({ dir, includes, excludes }) => ({
      path: fromCwd(dir),
      includes: includes.map(fromCwd),
      excludes: excludes.map(fromCwd),
    })),
  };
}
