import type { Diagnostic } from "../diagnostic.ts";
import type { Emit } from "../model/emit.ts";

/** What to generate, and from what. What is chosen for good stands in the project's `kratos.yaml`. */
export interface GenerateOptions {
  /** The project's root, absolute. */
  readonly root: string;
  /** Proto files and folders, absolute or relative to `root`. Empty: all of the project's own protos. */
  readonly paths: readonly string[];
  /**
   * Folders to resolve imports from (`-p`) beside those of `kratos.yaml`, absolute or relative to `root`.
   * Default: none.
   */
  readonly protoPaths?: readonly string[];
  /**
   * Which kinds of files to make. Default: `config` for protos in `internal/…/conf/`, everything else for
   * the others.
   */
  readonly emit?: readonly Emit[];
  /** Write nothing, only tell what would change. Default: false. */
  readonly check?: boolean;
  /** Remove generated files that no proto stands for any more. Default: false. */
  readonly prune?: boolean;
  /** Replace files that were edited by hand, keeping a copy beside each. Default: false. */
  readonly force?: boolean;
  /** Accept `body` on GET, HEAD and DELETE, which is an error otherwise. Default: as `kratos.yaml` says. */
  readonly allowGetBody?: boolean;
  /** Ends it, with CANCELLED, before anything is written. Default: never. */
  readonly signal?: AbortSignal;
}

/**
 * What happened. Paths are relative to the root, separated by `/`, in alphabetical order.
 * When `diagnostics` holds an error nothing was written and the lists are empty.
 */
export interface GenerateResult {
  readonly diagnostics: readonly Diagnostic[];
  /** Made or replaced; with `check`, always empty. */
  readonly written: readonly string[];
  readonly unchanged: readonly string[];
  /** With `check`: files that a run would make. */
  readonly missing: readonly string[];
  /** With `check`: files whose contents a run would change. */
  readonly stale: readonly string[];
  /** Files that were edited by hand: with `check` not part of `stale`; else replaced, as `force` asks for. */
  readonly edited: readonly string[];
  /** Copies of what was edited by hand. */
  readonly kept: readonly string[];
  /** With `prune`: generated files that no proto stands for any more, now gone. */
  readonly removed: readonly string[];
  /** Such files that are still there: beside the protos of this run, and below the folders that were named. */
  readonly orphaned: readonly string[];
}

/** The {@link GenerateResult} of a run in which nothing happened. */
export const nothing: GenerateResult = {
  diagnostics: [],
  written: [],
  unchanged: [],
  missing: [],
  stale: [],
  edited: [],
  kept: [],
  removed: [],
  orphaned: [],
};
