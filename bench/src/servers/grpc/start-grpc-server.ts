import { GrpcServer, type GrpcServerOptions } from "@kratos-ts/runtime/grpc";
import { createLogger } from "@kratos-ts/runtime/log";
import { logging, recovery } from "@kratos-ts/runtime/middleware";
import { announce } from "../announce.ts";

/** Starts this project's server as a service has it: what `register` adds, behind recovery and logging at warn. */
export async function startGrpcServer(
  register: (server: GrpcServer) => void,
  options: GrpcServerOptions = {},
): Promise<void> {
  const logger = createLogger({ level: "warn" });
  const server = new GrpcServer({
    addr: "127.0.0.1:0",
    logger,
    middleware: [recovery({ logger }), logging(logger)],
    ...options,
  });
  register(server);
  await server.start({ id: "1", name: "bench", version: "1", metadata: {}, endpoints: [] });
  announce(Number((await server.endpoint()).port));
}
