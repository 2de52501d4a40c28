import type { GrpcServerOptions } from "@kratos-ts/runtime/grpc";
import { registerFlowServiceGrpcServer } from "../../../proto/flow/v1/flow_grpc.ts";
import { receive, send } from "../../flow-service.ts";
import { startGrpcServer } from "../grpc/start-grpc-server.ts";

/** Starts this project's server with the service of streams. */
export function serveFlow(options?: GrpcServerOptions): Promise<void> {
  return startGrpcServer(
    (server) => registerFlowServiceGrpcServer(server, { send, receive }),
    options,
  );
}
