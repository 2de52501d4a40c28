export { App } from "./app/app.ts";
export type { AppInfo } from "./app/app-info.ts";
export type { AppHook, AppOptions } from "./app/app-options.ts";
export { CleanupStack } from "./app/cleanup-stack.ts";
export { toErrorText } from "./errors/error-text.ts";
export { errorCode, errorReason, fromError } from "./errors/from-error.ts";
export { fromGrpcCode, GrpcCode, toGrpcCode, toGrpcStatusCode } from "./errors/grpc-code.ts";
export type { ErrorDetail, KratosErrorOptions } from "./errors/kratos-error.ts";
export { findKratosError, hasReason, isKratosError, KratosError } from "./errors/kratos-error.ts";
export {
  badRequest,
  clientClosed,
  conflict,
  forbidden,
  gatewayTimeout,
  internalServer,
  isBadRequest,
  isClientClosed,
  isConflict,
  isForbidden,
  isGatewayTimeout,
  isInternalServer,
  isNotFound,
  isServiceUnavailable,
  isTooManyRequests,
  isUnauthorized,
  notFound,
  serviceUnavailable,
  tooManyRequests,
  unauthorized,
} from "./errors/standard-errors.ts";
export type { StatusDetails } from "./errors/status-details.ts";
export {
  encodeStatusDetails,
  fromGrpcStatus,
  parseStatusDetails,
} from "./errors/status-details.ts";
export { parseStatusJson, toHttpStatus, toStatusJson } from "./errors/status-json.ts";
export type { Awaitable, Handler, Middleware } from "./middleware/middleware.ts";
export { chain } from "./middleware/middleware.ts";
export type { Discovery, Watcher } from "./registry/discovery.ts";
export { MemoryRegistry } from "./registry/memory-registry.ts";
export type { Registrar, ServiceInstance } from "./registry/registrar.ts";
export type { CallContext, ContextKey, TransportKind } from "./transport/context.ts";
export { createContextKey } from "./transport/context.ts";
export type { GrpcClientOptions } from "./transport/grpc/client/client.ts";
export { GrpcClient } from "./transport/grpc/client/client.ts";
export type { Health } from "./transport/grpc/services/health.ts";
export type { GrpcServerOptions } from "./transport/grpc/server/server-options.ts";
export { GrpcServer } from "./transport/grpc/server/server.ts";
export type { Header } from "./transport/header.ts";
export { HttpClient } from "./transport/http/client/client.ts";
export type { HttpClientOptions } from "./transport/http/client/client-options.ts";
export { HttpServer } from "./transport/http/server/server.ts";
export type { HttpServerOptions } from "./transport/http/server/server-options.ts";
export type {
  CallOptions,
  GrpcCaller,
  GrpcRouter,
  HttpCaller,
  HttpRouter,
} from "./transport/method.ts";
export type { Server } from "./transport/server.ts";
export { takeUntil } from "./transport/take-until.ts";
