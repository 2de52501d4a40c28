import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type TLSSocket } from "node:tls";
import type {
  ClientConnection,
  ConnectClient,
  ConnectionListener,
  ConnectOptions,
} from "../client-engine.ts";
import { NodeClientConnection } from "./node-client-connection.ts";

/** Receive window of one stream, and of one connection, in bytes. */
const streamWindow = 256 * 1024;
const connectionWindow = 4 * 1024 * 1024;

/** Megabytes that a connection may hold in the engine, unsent requests included. */
const sessionMemory = 64;

/** The headers of one answer in bytes, each field counting 32 more than it has, and how many fields that makes. */
const maxHeaderBytes = 64 * 1024;
const maxHeaderFields = maxHeaderBytes / 32;

/** Milliseconds of silence after which the system asks whether the other side is still there. */
const probeAfter = 30_000;

/** Opens connections with `node:http2`. */
export const connectNode: ConnectClient = (options, signal, listener) =>
  speakHttp2(openSocket(options), options, signal, listener);

/** Speaks HTTP/2, with `node:http2`, on connections in clear text that `open` opens. */
export function connectBy(open: () => Socket): ConnectClient {
  return (options, signal, listener) => speakHttp2(open(), options, signal, listener);
}

function speakHttp2(
  socket: Socket,
  options: ConnectOptions,
  signal: AbortSignal,
  listener: ConnectionListener,
): Promise<ClientConnection> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => void socket.destroy(new Error("connecting was given up"));
    const fail = (error: Error): void => {
      signal.removeEventListener("abort", giveUp);
      socket.destroy();
      reject(error);
    };
    const failClosed = (): void => fail(new Error("the connection was closed"));
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
    socket.once("error", fail);
    socket.once("close", failClosed);
    socket.once(options.security === undefined ? "connect" : "secureConnect", () => {
      const problem = findProtocolProblem(socket);
      if (problem !== undefined) {
        fail(problem);
        return;
      }
      const session = createSession(socket);
      session.once("error", fail);
      session.once("close", failClosed);
      // A server that takes the connection and says nothing is none that can be called.
      session.once("remoteSettings", () => {
        signal.removeEventListener("abort", giveUp);
        session.off("error", fail);
        session.off("close", failClosed);
        socket.off("error", fail);
        socket.off("close", failClosed);
        resolve(new NodeClientConnection(session, socket, options.keepalive, listener));
      });
    });
  });
}

function openSocket({ address, security }: ConnectOptions): Socket {
  const network = { ...address, noDelay: true, keepAlive: true, keepAliveInitialDelay: probeAfter };
  if (security === undefined) return connectTcp(network);
  const name = security.servername ?? ("host" in address ? address.host : "localhost");
  return connectTls({
    ...network,
    secureContext: security.context,
    ALPNProtocols: ["h2"],
    // Addresses are no names that a server could choose its certificate by.
    ...(isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  });
}

function findProtocolProblem(socket: Socket): Error | undefined {
  if (!("alpnProtocol" in socket) || (socket as TLSSocket).alpnProtocol === "h2") return undefined;
  return new Error("the server does not speak HTTP/2 over TLS (ALPN)");
}

function createSession(socket: Socket): ClientHttp2Session {
  const session = connectHttp2("http://localhost", {
    createConnection: () => socket,
    maxSessionMemory: sessionMemory,
    maxHeaderListPairs: maxHeaderFields,
    settings: {
      enablePush: false,
      initialWindowSize: streamWindow,
      maxHeaderListSize: maxHeaderBytes,
    },
  });
  session.setLocalWindowSize(connectionWindow);
  return session;
}
