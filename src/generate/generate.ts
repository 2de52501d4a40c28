import type { GenerateOptions, GenerateResult } from "./options.ts";

/**
 * Generates code beside the protos of a project: builds descriptors, plans, prints, then writes what
 * changed or compares. Writes nothing at all when a proto holds an error.
 *
 * @throws CliError FILE_NOT_FOUND, FILE_EXISTS (a file that is not ours is in the way), TOOL_FAILED,
 * CONFIG_INVALID, WRITE_FAILED
 */
export async function generateFiles(options: GenerateOptions): Promise<GenerateResult> {
  throw new Error(`generation is not there yet for "${options.root}"`);
}
