import { delimiter, resolve } from "node:path";
import { z } from "zod";
import type { Shell } from "../shell.ts";

/** `-p, --proto_path`, which may be repeated. */
export const protoPathFlag = z.array(z.string().min(1, "name a folder")).optional();

/** The further import paths, absolute: those of the flags, else those of `KRATOS_PROTO_PATH`. */
export function readProtoPaths(flag: readonly string[] | undefined, shell: Shell): string[] {
  const variable = shell.env["KRATOS_PROTO_PATH"]?.split(delimiter).filter((path) => path !== "");
  return (flag ?? variable ?? []).map((path) => resolve(shell.cwd, path));
}
