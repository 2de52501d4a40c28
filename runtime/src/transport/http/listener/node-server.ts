import { createServer as createHttpServer, type Server, type ServerOptions } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { CompleteTlsOptions } from "../../tls-options.ts";

/** What limits the clients of a server; times in milliseconds, 0: no limit. */
export interface ClientLimits {
  readonly maxHeaderBytes: number;
  readonly headersTimeout: number;
  readonly requestTimeout: number;
}

/** How long, in milliseconds, at least passes between looks for requests that do not come. */
const minCheckInterval = 50;

/** Node's server for HTTP/1.1 in clear text. */
export function createPlainServer(limits: ClientLimits): Server {
  return createHttpServer(toNodeOptions(limits));
}

/**
 * Node's server for HTTP/1.1 over TLS, without a certificate as yet. `onHttp2` takes the connections of
 * clients that prefer HTTP/2; undefined: it is not offered. `onSecure` is told of all others.
 */
export function createTlsServer(
  limits: ClientLimits,
  tls: CompleteTlsOptions,
  onSecure: (socket: Socket) => void,
  onHttp2: ((socket: Socket) => void) | undefined,
): Server {
  const server = createHttpsServer({
    ...toNodeOptions(limits),
    ALPNProtocols: onHttp2 === undefined ? ["http/1.1"] : ["h2", "http/1.1"],
    requestCert: tls.requestClientCert,
    rejectUnauthorized: tls.requestClientCert,
    ...(limits.headersTimeout > 0 && { handshakeTimeout: limits.headersTimeout }),
  });
  const serveHttp1 = server.listeners("secureConnection") as ((socket: Socket) => void)[];
  server.removeAllListeners("secureConnection");
  server.on("secureConnection", (socket: TLSSocket) => {
    if (socket.alpnProtocol === "h2" && onHttp2 !== undefined) {
      onHttp2(socket);
      return;
    }
    onSecure(socket);
    for (const serve of serveHttp1) serve.call(server, socket);
  });
  return server;
}

function toNodeOptions({
  maxHeaderBytes,
  headersTimeout,
  requestTimeout,
}: ClientLimits): ServerOptions {
  const shortest = Math.min(headersTimeout || Infinity, requestTimeout || Infinity);
  return {
    // Node's own timer for idle connections costs each request two settings of it; the listener has another.
    keepAliveTimeout: 0,
    // What Node answers by itself has no body.
    requireHostHeader: false,
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: Math.min(headersTimeout, requestTimeout || headersTimeout),
    requestTimeout,
    connectionsCheckingInterval: Math.min(5000, Math.max(minCheckInterval, shortest / 4)),
  };
}
