export { HttpClient } from "./client.ts";
export type { HttpClientOptions } from "./client.ts";
export { isHttpServerContext } from "./server-context.ts";
export type { HttpCallContext } from "./server-context.ts";
export { PathTemplateError } from "./path-template.ts";
export { RouteRuleError } from "./route-error.ts";
export { RouteConflictError } from "./router.ts";
export { HttpServer } from "./server.ts";
export type { CompatOptions, HttpServerOptions, StrictOptions } from "./server-options.ts";
