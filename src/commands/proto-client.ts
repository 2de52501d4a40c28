import { z } from "zod";
import type { Shell } from "../shell.ts";
import { parseFlags } from "./flags.ts";
import { groupByRoot } from "./group-by-root.ts";
import { protoPathFlag, readProtoPaths } from "./proto-paths.ts";
import { generateAndReport } from "./report-generation.ts";

const schema = z.strictObject({
  proto_path: protoPathFlag,
  allowGetBody: z.boolean().default(false),
});

/** `kratos-ts proto client`. */
export async function runProtoClient(
  paths: readonly string[],
  rawFlags: unknown,
  shell: Shell,
): Promise<number> {
  const flags = parseFlags(schema, rawFlags);
  const protoPaths = readProtoPaths(flags.proto_path, shell);
  const byRoot = groupByRoot(paths, shell.cwd);
  let exitCode = 0;
  for (const [root, files] of byRoot) {
    const { allowGetBody } = flags;
    const code = await generateAndReport({ root, paths: files, protoPaths, allowGetBody }, shell);
    exitCode = Math.max(exitCode, code);
  }
  return exitCode;
}
