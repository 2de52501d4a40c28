export type { LoggerOptions } from "./create-logger.ts";
export { createLogger } from "./create-logger.ts";
export type { LogFields, Logger, LogLevel, LogMethod } from "./logger.ts";
export { silentLogger } from "./silent-logger.ts";
