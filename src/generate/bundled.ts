import { relative } from "node:path";
import { findProtoFiles } from "../buf/proto-files.ts";
import { toSlashes } from "../buf/workspace.ts";

/**
 * The import paths of the schemas in `dir`, which come with the CLI. Their code is part of the runtime, so
 * that projects never generate it.
 */
export function findBundled(dir: string): string[] {
  return findProtoFiles(dir).map((file) => toSlashes(relative(dir, file)));
}
