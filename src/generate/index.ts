export type { Emit } from "../model/emit.ts";
export type { GenerateOptions, GenerateResult } from "./options.ts";
export { generateFiles } from "./generate.ts";
export { createWatchSession, type WatchSession } from "./watch-session.ts";
