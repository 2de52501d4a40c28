export type { Emit, GenerateOptions, GenerateResult } from "./options.ts";
export { generateFiles } from "./generate.ts";
