export type { Emit } from "../model/emit.ts";
export type { GenerateOptions, GenerateResult } from "./options.ts";
export { generateFiles, writePrepared } from "./generate.ts";
export { openProject, type OpenedProject } from "./plan.ts";
export { prepareGeneration, type Prepared, type PreparedFiles } from "./prepare.ts";
export { createWatchSession, type WatchSession } from "./watch-session.ts";
export { writeFiles, type OutputFile } from "./write-files.ts";
