import { GrpcServer } from "@kratos-ts/runtime/grpc";
import type { GrpcServerOptions } from "@kratos-ts/runtime/grpc";
import { silentLogger } from "@kratos-ts/runtime/log";
import { onTestFinished } from "vitest";

/** A made-up service, as `App` would hand it to its servers. */
export const app = { id: "1", name: "test", version: "1", metadata: {}, endpoints: [] };

/** Starts a server on a free port that stops, cutting off what still runs, when the test ends. */
export async function startServer(
  register: (server: GrpcServer) => void,
  options: GrpcServerOptions = {},
): Promise<{ server: GrpcServer; address: string }> {
  const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger, ...options });
  register(server);
  await server.start(app);
  onTestFinished(() => server.stop(AbortSignal.abort()));
  return { server, address: `127.0.0.1:${server.port}` };
}
