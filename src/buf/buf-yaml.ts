import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { CliError } from "../cli-error.ts";

/** A module of a buf workspace: the folder that imports are relative to. Paths are relative to the root. */
export interface BufModule {
  readonly path: string;
  readonly includes: readonly string[];
  readonly excludes: readonly string[];
}

/** What buf's own configuration says about modules. */
export interface BufConfig {
  readonly modules: readonly BufModule[];
  /** Modules of a registry; only buf itself can resolve them. */
  readonly deps: readonly string[];
}

const strings = z.array(z.string()).nullish();
const bufYaml = z.object({
  version: z.string().nullish(),
  modules: z
    .array(z.object({ path: z.string().default("."), includes: strings, excludes: strings }))
    .nullish(),
  build: z.object({ excludes: strings, roots: strings }).nullish(),
  deps: strings,
});
const bufWorkYaml = z.object({ directories: z.array(z.string()).min(1) });

/**
 * Reads `buf.yaml` (v2, v1) or `buf.work.yaml` at `root`; `undefined` when there is neither.
 *
 * @throws CliError CONFIG_INVALID
 */
export function readBufConfig(root: string): BufConfig | undefined {
  const workspace = readYaml(root, "buf.work.yaml", bufWorkYaml);
  if (workspace !== undefined) {
    return { modules: workspace.directories.map((path) => toModule(path)), deps: [] };
  }
  const config = readYaml(root, "buf.yaml", bufYaml);
  if (config === undefined) return undefined;
  const modules = config.modules?.map((module) =>
    toModule(module.path, module.includes, module.excludes),
  );
  const roots = config.build?.roots ?? ["."];
  const excludes = config.build?.excludes;
  return {
    modules: modules ?? roots.map((path) => toModule(path, undefined, excludes)),
    deps: config.deps ?? [],
  };
}

function toModule(
  path: string,
  includes?: readonly string[] | null,
  excludes?: readonly string[] | null,
): BufModule {
  return { path, includes: includes ?? [], excludes: excludes ?? [] };
}

function readYaml<T>(root: string, name: string, schema: z.ZodType<T>): T | undefined {
  const path = join(root, name);
  if (!existsSync(path)) return undefined;
  try {
    return schema.parse(parse(readFileSync(path, "utf8")));
  } catch (cause) {
    const details =
      cause instanceof z.ZodError
        ? z.prettifyError(cause)
        : cause instanceof Error
          ? cause.message
          : "";
    throw new CliError("CONFIG_INVALID", `"${name}" cannot be read`, { details, cause });
  }
}
