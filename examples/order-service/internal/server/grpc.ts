import { GrpcServer } from "@kratos-ts/runtime/grpc";
import type { Logger } from "@kratos-ts/runtime/log";
import { logging, recovery } from "@kratos-ts/runtime/middleware";
import type { Server } from "../conf/conf_config.ts";
import { registerGrpcServices, type Services } from "./services.ts";

/** What {@link newGrpcServer} needs. */
export interface GrpcServerDeps {
  readonly config: Server["grpc"];
  readonly services: Services;
  readonly logger: Logger;
}

/** The gRPC server with its middleware (outermost first) and all services. */
export function newGrpcServer({ config, services, logger }: GrpcServerDeps): GrpcServer {
  const server = new GrpcServer({
    ...config,
    logger,
    middleware: [recovery(), logging()],
  });
  registerGrpcServices(server, services);
  return server;
}
