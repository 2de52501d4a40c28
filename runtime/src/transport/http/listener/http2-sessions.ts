import type { IncomingMessage, ServerResponse } from "node:http";
import {
  constants,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import { OpenCalls } from "./connection.ts";
import type { ClientLimits } from "./node-server.ts";
import { StreamSendWatch } from "./send-watch.ts";

/** The most requests that a client may have under way on one connection. */
const maxConcurrentStreams = 128;

/**
 * Megabytes of a connection beyond which Node refuses further requests on it. Replies that wait to be sent count:
 * with Node's 10, a client that awaits a large one would get nothing beside it.
 */
const maxSessionMemory = 1024;

/** How often, in milliseconds, at least is looked for bodies that do not come. */
const longestBodyInterval = 5000;

/** Whom the sessions tell. Requests and responses look as those of HTTP/1.1 do. */
export interface SessionReceiver {
  onRequest(request: IncomingMessage, response: ServerResponse): void;
  onExpectation(request: IncomingMessage, response: ServerResponse): void;
  /** A request whose head is larger than it may be. */
  onLargeHead(response: ServerResponse): void;
}

/** What limits requests. */
export type SessionLimits = Pick<ClientLimits, "maxHeaderBytes" | "requestTimeout">;

/** The HTTP/2 connections of a server, on sockets that somebody else accepts. */
export class Http2Sessions {
  readonly #server: Http2Server;
  readonly #connections = new Map<Http2Session, Http2Connection>();
  readonly #requestTimeout: number;
  #bodyWatch: NodeJS.Timeout | undefined;
  #onEmpty: (() => void) | undefined;

  constructor({ maxHeaderBytes, requestTimeout }: SessionLimits, receiver: SessionReceiver) {
    this.#requestTimeout = requestTimeout;
    const server = createServer({
      settings: { maxHeaderListSize: maxHeaderBytes, maxConcurrentStreams },
      maxSessionMemory,
    });
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
    const track = (session: Http2Session): void => this.#track(session, socket);
    this.#server.once("session", track);
    this.#server.emit("connection", socket);
    this.#server.off("session", track);
  }

  /** Closes the sessions that have been quiet for as many calls of this. */
  closeQuiet(sweeps: number): void {
    for (const connection of this.#connections.values()) connection.closeWhenQuiet(sweeps);
  }

  /** Ends the streams of which clients have taken nothing for as many calls of this. */
  cutStuck(sweeps: number): void {
    for (const connection of this.#connections.values()) connection.cutStuck(sweeps);
  }

  /** Tells every client that no further request is taken; resolves when those under way have ended. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      for (const session of this.#connections.keys()) session.close();
      if (this.#connections.size === 0) resolve();
    });
  }

  /** Ends the calls that are left, and their connections after their last words. */
  sayGoodbye(): void {
    for (const [session, connection] of this.#connections) {
      connection.lose();
      session.close();
    }
  }

  /** Ends what is left. */
  cut(): void {
    for (const session of this.#connections.keys()) session.destroy();
  }

  #track(session: Http2Session, socket: Socket): void {
    this.#connections.set(session, new Http2Connection(session, socket));
    this.#watchBodies();
    session.on("close", () => {
      this.#connections.delete(session);
      if (this.#connections.size > 0) return;
      clearInterval(this.#bodyWatch);
      this.#bodyWatch = undefined;
      this.#onEmpty?.();
    });
    // A session that was being made when the server began to drain.
    if (this.#onEmpty !== undefined) session.close();
  }

  /** Node has such a limit for HTTP/1.1 only. */
  #watchBodies(): void {
    const limit = this.#requestTimeout;
    if (limit <= 0) return;
    this.#bodyWatch ??= setInterval(
      () => {
        for (const connection of this.#connections.values()) connection.endLate(limit);
      },
      Math.min(longestBodyInterval, limit / 4),
    ).unref();
  }

  #attach(request: Http2ServerRequest): void {
    const { session } = request.stream;
    if (session !== undefined) this.#connections.get(session)?.attach(request);
    request.headers.host ??= request.headers[":authority"];
  }
}

/** The calls of one stream; there is one, unless a filter goes on more than once. */
class StreamCalls extends OpenCalls {
  readonly #request: Http2ServerRequest;
  readonly #start = performance.now();

  constructor(socket: Socket, request: Http2ServerRequest) {
    super(socket);
    this.#request = request;
  }

  /** Ends what waits for the rest of a request that began before `latest`; then, the request. */
  endLate(latest: number): void {
    const { complete, stream } = this.#request;
    if (complete || this.#start > latest) return;
    // Has come, and nobody reads it.
    if (stream.state.state === constants.NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE) return;
    if (!this.hasCalls) stream.close(constants.NGHTTP2_CANCEL);
    else this.endAll((call) => call.onProtocolError(408, "the request did not come in time"));
  }
}

/** What a server knows of one HTTP/2 connection. */
class Http2Connection {
  readonly #session: Http2Session;
  readonly #socket: Socket;
  readonly #streams = new Map<ServerHttp2Stream, StreamCalls>();
  readonly #sending = new StreamSendWatch<ServerHttp2Stream>();
  #seenBytes = 0;
  #quietSweeps = 0;
  /** Ends once all is sent. */
  #leaving = false;

  constructor(session: Http2Session, socket: Socket) {
    this.#session = session;
    this.#socket = socket;
  }

  attach(request: Http2ServerRequest): void {
    const calls = new StreamCalls(this.#socket, request);
    calls.attach(request as unknown as IncomingMessage);
    const { stream } = request;
    this.#streams.set(stream, calls);
    stream.once("close", () => {
      this.#streams.delete(stream);
      this.#sending.forget(stream);
      calls.lose("client");
    });
  }

  /** Ends what waits for requests that have not come whole within `limit` milliseconds. */
  endLate(limit: number): void {
    const latest = performance.now() - limit;
    for (const calls of this.#streams.values()) calls.endLate(latest);
  }

  /** Ends the streams of which the client has taken nothing for as many calls of this. */
  cutStuck(sweeps: number): void {
    if (this.#isOver()) return;
    const { bytesWritten } = this.#socket;
    for (const stream of this.#sending.find(this.#streams.keys(), sweeps, bytesWritten)) {
      if (!stream.closed) {
        stream.close(constants.NGHTTP2_CANCEL);
        continue;
      }
      // Not even that goes out: after a fault of the client, Node sends nothing more and leaves all as it is.
      this.#session.destroy();
      return;
    }
  }

  lose(): void {
    for (const calls of this.#streams.values()) calls.lose("server");
  }

  closeWhenQuiet(sweeps: number): void {
    if (this.#isOver()) return;
    const bytes = this.#socket.bytesRead + this.#socket.bytesWritten;
    const quiet = bytes === this.#seenBytes && !this.#hasCalls;
    this.#quietSweeps = quiet ? this.#quietSweeps + 1 : 0;
    this.#seenBytes = bytes;
    if (this.#quietSweeps < sweeps) return;
    if (this.#leaving)
      this.#session.destroy(); // the client takes nothing of what it has asked for
    else this.#session.close();
    this.#leaving = true;
    this.#quietSweeps = 0;
  }

  /** A session that has failed leaves it to the client to close the connection, which a hostile one does not. */
  #isOver(): boolean {
    if (this.#session.destroyed) this.#socket.destroySoon();
    return this.#session.destroyed;
  }

  get #hasCalls(): boolean {
    for (const calls of this.#streams.values()) if (calls.hasCalls) return true;
    return false;
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
