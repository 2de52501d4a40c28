/**
 * What generated code imports. Nothing else may be imported by it, and nothing is ever removed
 * here: a change that old generated code cannot live with gets a `codegenv2`.
 * Must load in a browser: no `node:` imports behind it.
 */
export type { Awaitable } from "../middleware/middleware.ts";
export type { CallContext } from "../transport/context.ts";
export type {
  CallByKind,
  CallOptions,
  GrpcCaller,
  GrpcMethod,
  GrpcRouter,
  HandlerByKind,
  HttpBinding,
  HttpCaller,
  HttpRoute,
  HttpRouter,
} from "../transport/method.ts";
export type { ErrorDetail, KratosErrorOptions } from "../errors/kratos-error.ts";
export { hasReason, KratosError } from "../errors/kratos-error.ts";
export type { ConfigContext, ConfigIssue, ConfigNames } from "../config/config-message.ts";
export {
  configBoolean,
  configBytes,
  configDuration,
  configInteger,
  configMessage,
  configNumber,
  configTimestamp,
  configValue,
} from "../config/config-message.ts";
