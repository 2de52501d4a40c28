import type { Socket } from "node:net";

/** Where the connections of a server come from that does not listen: from the same process. */
export interface ConnectionSource {
  /** Hands each connection over to `take`, unread, from now on. */
  open(take: (socket: Socket) => void): void;
  /** Hands over none any more; resolves once those that it did have closed. */
  close(): Promise<void>;
}

// Neither is for services, whose tests run in memory by them. Two copies of the package understand each other.
const takeConnections = /* @__PURE__ */ Symbol.for("@kratos-ts/runtime/take-connections");
const openConnection = /* @__PURE__ */ Symbol.for("@kratos-ts/runtime/open-connection");

/** A server that need not listen. */
interface ConnectableServer {
  [takeConnections]?: (source: ConnectionSource) => void;
}

/** Options of a client that need not connect to anything. */
interface ConnectingOptions {
  [openConnection]?: () => Socket;
}

/** Lets {@link connectServer} hand `take` a source in place of a listener; `take` throws when it is too late. */
export function acceptSource(server: object, take: (source: ConnectionSource) => void): void {
  Object.defineProperty(server, takeConnections, { value: take });
}

/**
 * Has a server take its connections from `source`. Throws an `Error` when it listens, has stopped or speaks TLS, and
 * a `TypeError` when it is none of ours.
 */
export function connectServer(server: object, source: ConnectionSource): void {
  const take = (server as ConnectableServer)[takeConnections];
  if (take === undefined) throw new TypeError("only an HttpServer and a GrpcServer run in memory");
  take(source);
}

/** The options of a client that opens its connections by `open`, in place of the system. */
export function withOpener<T extends object>(options: T, open: () => Socket): T {
  return { ...options, [openConnection]: open };
}

/** How a client opens its connections; undefined: the system does. */
export function findOpener(options: object): (() => Socket) | undefined {
  return (options as ConnectingOptions)[openConnection];
}

/** What a server that does not listen says of where it can be reached. */
export function sourceEndpoint(scheme: "http" | "grpc"): URL {
  return new URL(`${scheme}://in-memory`);
}

/** Throws an `Error` when a server cannot do without a listener. */
export function refuseSource(listens: boolean, tls: object | undefined): void {
  if (listens) throw new Error("a server that listens or has stopped cannot run in memory");
  if (tls !== undefined) {
    throw new Error('a server with the option "tls" cannot run in memory, make one without it');
  }
}
