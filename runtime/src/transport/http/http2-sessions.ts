import type { IncomingMessage, ServerResponse } from "node:http";
import {
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
} from "node:http2";
import type { Socket } from "node:net";
import { OpenCalls } from "./connection.ts";

/** The most requests that a client may have under way on one connection. */
const maxConcurrentStreams = 128;

/** Whom the sessions tell. Requests and responses look as those of HTTP/1.1 do. */
export interface SessionReceiver {
  onRequest(request: IncomingMessage, response: ServerResponse): void;
  onExpectation(request: IncomingMessage, response: ServerResponse): void;
  /** A request whose head is larger than it may be. */
  onLargeHead(response: ServerResponse): void;
}

/** The HTTP/2 connections of a server, on sockets that somebody else accepts. */
export class Http2Sessions {
  readonly #server: Http2Server;
  readonly #connections = new Map<Http2Session, Http2Connection>();
  #onEmpty: (() => void) | undefined;

  /** `maxHeaderBytes`: of one request. */
  constructor(maxHeaderBytes: number, receiver: SessionReceiver) {
    const server = createServer({
      settings: { maxHeaderListSize: maxHeaderBytes, maxConcurrentStreams },
    });
    server.on("session", (session) => this.#track(session));
    server.on("request", (request, response) => {
      this.#attach(request);
      const [message, reply] = asHttp1(request, response);
      // Node keeps to the limit only once the client has confirmed that it knows it.
      if (isLarge(request.rawHeaders, maxHeaderBytes)) receiver.onLargeHead(reply);
      else receiver.onRequest(message, reply);
    });
    server.on("checkExpectation", (request: Http2ServerRequest, response: Http2ServerResponse) => {
      this.#attach(request);
      receiver.onExpectation(...asHttp1(request, response));
    });
    this.#server = server;
  }

  get size(): number {
    return this.#connections.size;
  }

  accept(socket: Socket): void {
    this.#server.emit("connection", socket);
  }

  /** Closes the sessions that have been quiet for as many calls of this. */
  closeQuiet(sweeps: number): void {
    for (const connection of this.#connections.values()) connection.closeWhenQuiet(sweeps);
  }

  /** Tells every client that no further request is taken; resolves when those under way have ended. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      for (const session of this.#connections.keys()) session.close();
      if (this.#connections.size === 0) resolve();
    });
  }

  /** Ends what is left. */
  cut(): void {
    for (const [session, connection] of this.#connections) {
      connection.lose();
      session.destroy();
    }
  }

  #track(session: Http2Session): void {
    this.#connections.set(session, new Http2Connection(session));
    session.on("close", () => {
      this.#connections.delete(session);
      if (this.#connections.size === 0) this.#onEmpty?.();
    });
    // A session that was being made when the server began to drain.
    if (this.#onEmpty !== undefined) session.close();
  }

  #attach(request: Http2ServerRequest): void {
    const { session } = request.stream;
    if (session !== undefined) this.#connections.get(session)?.attach(request);
    request.headers.host ??= request.headers[":authority"];
  }
}

/** What a server knows of one HTTP/2 connection. */
class Http2Connection {
  readonly #session: Http2Session;
  readonly #socket: Socket;
  readonly #streams = new Set<OpenCalls>();
  #seenBytes = 0;
  #quietSweeps = 0;

  constructor(session: Http2Session) {
    this.#session = session;
    this.#socket = session.socket;
  }

  attach(request: Http2ServerRequest): void {
    const calls = new OpenCalls(this.#socket);
    calls.attach(request as unknown as IncomingMessage);
    this.#streams.add(calls);
    request.stream.once("close", () => {
      this.#streams.delete(calls);
      calls.lose("client");
    });
  }

  lose(): void {
    for (const calls of this.#streams) calls.lose("server");
  }

  closeWhenQuiet(sweeps: number): void {
    if (this.#session.destroyed) return;
    const bytes = this.#socket.bytesRead + this.#socket.bytesWritten;
    const quiet = bytes === this.#seenBytes && this.#streams.size === 0;
    this.#quietSweeps = quiet ? this.#quietSweeps + 1 : 0;
    this.#seenBytes = bytes;
    if (this.#quietSweeps >= sweeps) this.#session.close();
  }
}

/** Whether a head is larger than `limit`, with what RFC 9113, section 6.5.2, adds for each field. */
function isLarge(raw: readonly string[], limit: number): boolean {
  let size = 0;
  for (const text of raw) size += text.length + 16;
  return size > limit;
}

/** Node's compatibility layer has the same methods; what HTTP/2 forbids is left out by the receiver. */
function asHttp1(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
): [IncomingMessage, ServerResponse] {
  return [request as unknown as IncomingMessage, response as unknown as ServerResponse];
}
