export type { ConfigProblem } from "./config-error.ts";
export { ConfigError, isConfigError } from "./config-error.ts";
export type { ConfigDocument, ConfigPath, ConfigPosition, ConfigSource } from "./config-source.ts";
export { envSource } from "./env-source.ts";
export { fileSource } from "./file-source.ts";
export type { Config, LoadConfigOptions } from "./load-config.ts";
export { loadConfig } from "./load-config.ts";
export type { StandardIssue, StandardResult, StandardSchema } from "./standard-schema.ts";
