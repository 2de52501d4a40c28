/**
 * gRPC over HTTP/2, without TLS: server and client for all four kinds of methods,
 * the health service, deadlines, cancellation and back-pressure.
 */
export type { GrpcClientOptions } from "./client.ts";
export { GrpcClient } from "./client.ts";
export type { Health } from "./health.ts";
export { decodeBinaryHeader, encodeBinaryHeader } from "./metadata.ts";
export type { GrpcServerOptions } from "./server.ts";
export { GrpcServer } from "./server.ts";
