import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { createServer as createHttp2Server } from "node:http2";
import type { Server, Socket } from "node:net";
import { type ConnectionOwner, GatedListener } from "../../gated-listener.ts";
import type { BoundAddress, ListenAddress } from "../../listen-address.ts";
import type { ShutdownError } from "../../shutdown-error.ts";
import { ResetCode } from "../engine.ts";
import type {
  CreateServerEngine,
  ServerEngine,
  ServerEngineOptions,
  StreamHandler,
} from "../server-engine.ts";
import { NodeConnection } from "./node-connection.ts";
import { NodeHeaders } from "./node-headers.ts";
import { NodeServerStream } from "./node-stream.ts";

/** Receive window of one stream, and of one connection, in bytes. */
const streamWindow = 256 * 1024;
const connectionWindow = 1024 * 1024;

/**
 * Megabytes that one connection may hold in Node before it is refused more, in a way that fails calls for good: far
 * more than what is held back here.
 */
const sessionMemory = 1024;

/** The {@link ServerEngine} on `node:http2`. */
export const createNodeServer: CreateServerEngine = (options, onStream, onError) =>
  new NodeServerEngine(options, onStream, onError);

const connectionKey = Symbol("connection");

/** A `node:http2` session that knows the object made for it. */
interface OwnedSession extends ServerHttp2Session {
  [connectionKey]: NodeConnection;
}

class NodeServerEngine implements ServerEngine, ConnectionOwner {
  readonly #http2: Server;
  readonly #listener: GatedListener;
  readonly #options: ServerEngineOptions;
  readonly #onStream: StreamHandler;
  readonly #connections = new Set<NodeConnection>();
  /** The connection whose session is being made. */
  #opening: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(
    options: ServerEngineOptions,
    onStream: StreamHandler,
    onError: (error: Error) => void,
  ) {
    this.#options = options;
    this.#onStream = onStream;
    this.#http2 = createHttp2Server({
      maxSessionMemory: sessionMemory,
      // As many as the bytes allow, each counting 32 more than it has.
      maxHeaderListPairs: Math.ceil(options.maxMetadataBytes / 32),
      settings: {
        initialWindowSize: streamWindow,
        maxConcurrentStreams: options.maxConcurrentStreams,
        maxHeaderListSize: options.maxMetadataBytes,
      },
    });
    this.#http2.on("session", (session: ServerHttp2Session) => this.#addSession(session));
    // Node passes the list of headers as a fourth argument, which its types leave out.
    const listener = (
      stream: ServerHttp2Stream,
      headers: IncomingHttpHeaders,
      _flags: number,
      list: readonly string[] = [],
    ): void => this.#addStream(stream, headers, list);
    this.#http2.on("stream", listener);
    // Not the HTTP/2 server's own listener, since connections must wait unread until accept().
    this.#listener = new GatedListener(options, this, onError);
  }

  listen(address: ListenAddress): Promise<BoundAddress> {
    return this.#listener.listen(address);
  }

  accept(): void {
    this.#listener.accept();
  }

  shutdown(signal: AbortSignal): Promise<void> {
    return this.#listener.shutdown(signal);
  }

  serve(socket: Socket): void {
    this.#opening = socket;
    this.#http2.emit("connection", socket); // "session" is told of within
    this.#opening = undefined;
    socket.resume();
  }

  goodbye(): void {
    this.#stopping = true;
    for (const connection of this.#connections) connection.goodbye();
  }

  cutOff(reason: ShutdownError): void {
    for (const connection of this.#connections) connection.cutOff(reason);
  }

  #addSession(session: ServerHttp2Session): void {
    const socket = this.#opening;
    if (socket === undefined) return; // never: sessions are made for what is served
    const { observer } = this.#options;
    const connection = new NodeConnection(socket, session, this.#options);
    (session as OwnedSession)[connectionKey] = connection;
    session.setLocalWindowSize(connectionWindow);
    this.#connections.add(connection);
    this.#timer ??= setInterval(() => this.#check(), this.#checkInterval()).unref();
    observer.onConnection(connection);
    socket.once("close", () => {
      this.#connections.delete(connection);
      observer.onConnectionClosed(connection);
      if (this.#connections.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
    if (this.#stopping) connection.goodbye();
  }

  #addStream(
    stream: ServerHttp2Stream,
    fields: IncomingHttpHeaders,
    list: readonly string[],
  ): void {
    const connection = (stream.session as OwnedSession | undefined)?.[connectionKey];
    if (connection === undefined) return; // the connection has ended meanwhile
    const limit = connection.findLimit();
    if (limit !== undefined) {
      this.#options.observer.onLimit(connection, limit);
      stream.on("error", ignore);
      stream.close(ResetCode.REFUSED_STREAM);
      return;
    }
    // Node keeps to the limit only once the client has confirmed that it knows it.
    const headers = new NodeHeaders(fields, list, this.#options.maxMetadataBytes);
    if (headers.tooLarge) this.#options.observer.onLimit(connection, "headers");
    new NodeServerStream(connection, stream, headers).open(this.#onStream);
  }

  #check(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.check(now);
  }

  /** Often enough for the shortest time that is waited for, and once a second at most. */
  #checkInterval(): number {
    const { maxConnectionIdle, maxConnectionAge, maxConnectionAgeGrace, keepalive } = this.#options;
    const times = [
      maxConnectionIdle,
      maxConnectionAge,
      maxConnectionAgeGrace,
      keepalive.time,
      keepalive.timeout,
      1000,
    ];
    const shortest = Math.min(...times.filter((time) => time > 0));
    return Math.max(10, shortest / 4);
  }
}

function ignore(): void {}
