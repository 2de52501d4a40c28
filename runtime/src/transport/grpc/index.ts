/**
 * gRPC over HTTP/2: server and client for all four kinds of methods,
 * the health service, deadlines, cancellation and back-pressure.
 */
export type { ClientTlsOptions } from "../client-tls.ts";
export type {
  GrpcClientKeepalive,
  GrpcClientOptions,
  GrpcHedgingOptions,
  GrpcRetryOptions,
} from "./client/client-options.ts";
export { GrpcClient } from "./client/client.ts";
export type { Health } from "./services/health.ts";
export type { GrpcServerStats } from "./services/server-counts.ts";
export type { GrpcCompressionOptions } from "./protocol/gzip.ts";
export { decodeBinaryHeader, encodeBinaryHeader } from "./protocol/metadata.ts";
export type { GrpcServerKeepalive, GrpcServerOptions } from "./server/server-options.ts";
export type { ConnectionInfo, GrpcCallContext } from "./server/server-context.ts";
export { isGrpcServerContext } from "./server/server-context.ts";
export { GrpcServer } from "./server/server.ts";
