import { HttpServer, type HttpServerOptions } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { onTestFinished } from "vitest";
import type { GrpcRouter } from "../../src/transport/method.ts";
import { appInfo } from "../http/serve.ts";
import { createAuthority } from "../transport/certificates.ts";
import { registerParrot } from "./parrot.ts";

const authority = createAuthority();
/** The certificate by which clients know the servers of {@link serveParrot}. */
export const { cert: ca } = authority;

/** Serves the parrot until the test has finished; over TLS, which brings HTTP/2, when `secure` is true. */
export async function serveParrot({
  secure = false,
  register = registerParrot,
  onCreate,
  ...options
}: HttpServerOptions & ParrotOptions = {}): Promise<{ server: HttpServer; url: string }> {
  const server = new HttpServer({
    addr: "127.0.0.1:0",
    logger: silentLogger,
    ...(secure && { tls: authority.issue("server") }),
    ...options,
  });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  register(server.rpc);
  onCreate?.(server);
  await server.start(appInfo);
  return { server, url: `${secure ? "https" : "http"}://127.0.0.1:${server.port}` };
}

interface ParrotOptions {
  readonly secure?: boolean;
  /** Default: all of it. */
  readonly register?: (router: GrpcRouter) => void;
  readonly onCreate?: (server: HttpServer) => void;
}
