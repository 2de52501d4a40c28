export type { GrpcServerOptions } from "./server.ts";
export { GrpcServer } from "./server.ts";
export type { HealthService, ServingStatus } from "./health.ts";
export { decodeBinaryHeader, encodeBinaryHeader } from "./metadata.ts";
