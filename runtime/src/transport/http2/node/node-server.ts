import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { createServer as createHttp2Server } from "node:http2";
import type { Server, Socket } from "node:net";
import { type ConnectionOwner, GatedListener } from "../../gated-listener.ts";
import type { BoundAddress, ListenAddress } from "../../listen-address.ts";
import { ShutdownError } from "../../shutdown-error.ts";
import type { Fields, StreamSink } from "../engine.ts";
import type {
  ConnectionInfo,
  CreateServerEngine,
  ServerEngine,
  ServerEngineOptions,
  ServerStream,
  StreamHandler,
} from "../server-engine.ts";
import { ResetCode } from "../engine.ts";
import { NodeConnection } from "./node-connection.ts";
import { NodeHeaders, toNodeHeaders } from "./node-headers.ts";

/** Receive window of one stream, and of one connection, in bytes. */
const streamWindow = 256 * 1024;
const connectionWindow = 1024 * 1024;

/** Megabytes that one connection may hold in the engine, unsent replies included, before it is refused more. */
const sessionMemory = 64;

/** The {@link ServerEngine} on `node:http2`. */
export const createNodeServer: CreateServerEngine = (options, onStream, onError) => {
  const server = createHttp2Server({
    maxSessionMemory: sessionMemory,
    maxHeaderListPairs: Math.ceil(options.maxMetadataBytes / 32),
    settings: {
      initialWindowSize: streamWindow,
      maxConcurrentStreams: options.maxConcurrentStreams,
      maxHeaderListSize: options.maxMetadataBytes,
    },
  });
  // Node passes the list of headers as a fourth argument, which its types leave out.
  const listener = (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    _flags: number,
    list: readonly string[] = [],
  ): void => new NodeServerStream(stream, new NodeHeaders(headers, list)).open(onStream);
  server.on("stream", listener);
  return new NodeServerEngine(server, options, onError);
};

class NodeServerEngine implements ServerEngine, ConnectionOwner {
  readonly #http2: Server;
  readonly #listener: GatedListener;
  readonly #options: ServerEngineOptions;
  readonly #sessions = new Set<ServerHttp2Session>();
  #opening: Socket | undefined;
  #stopping = false;

  constructor(http2: Server, options: ServerEngineOptions, onError: (error: Error) => void) {
    this.#http2 = http2;
    this.#options = options;
    http2.on("session", (session: ServerHttp2Session) => this.#addSession(session));
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
    for (const session of this.#sessions) session.close();
  }

  cutOff(reason: ShutdownError): void {
    for (const session of this.#sessions) session.destroy(reason);
  }

  #addSession(session: ServerHttp2Session): void {
    const { observer } = this.#options;
    const connection = new NodeConnection(this.#opening ?? session.socket);
    (session as OwnedSession)[connectionKey] = connection;
    this.#sessions.add(session);
    session.setLocalWindowSize(connectionWindow);
    observer.onConnection(connection);
    session.once("close", () => {
      this.#sessions.delete(session);
      observer.onConnectionClosed(connection);
    });
    session.on("error", ignore); // its streams have told their sinks
    if (this.#stopping) session.close();
  }
}

function ignore(): void {}

/** Until the protocol has said who listens; events come later than that. */
const deaf: StreamSink = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };

const connectionKey = Symbol("connection");

/** A `node:http2` session that knows the object made for it. */
interface OwnedSession extends ServerHttp2Session {
  [connectionKey]: NodeConnection;
}

const owner = Symbol("stream");

/** What the events of a `node:http2` stream are for. */
interface StreamOwner {
  receive(chunk: Uint8Array): void;
  endRequest(): void;
  sendTrailers(): void;
  drained(): void;
  closed(): void;
}

/** A `node:http2` stream that knows the object made for it: no closure per stream and event. */
interface OwnedStream extends ServerHttp2Stream {
  [owner]: StreamOwner;
}

/**
 * Owns streams of which nobody wants to hear any more. Node's part of a stream outlives the minor garbage
 * collections, and with it all that can be reached from there; a call must not be.
 */
const nobody: StreamOwner = {
  receive() {},
  endRequest() {},
  sendTrailers() {},
  drained() {},
  closed() {},
};

class NodeServerStream implements ServerStream, StreamOwner {
  readonly headers: NodeHeaders;
  readonly #connection: NodeConnection;
  readonly #stream: OwnedStream;
  #sink: StreamSink = deaf;
  #requestEnded = false;
  #trailers: Fields | undefined;

  constructor(stream: ServerHttp2Stream, headers: NodeHeaders) {
    this.headers = headers;
    this.#connection = (stream.session as OwnedSession)[connectionKey];
    this.#stream = stream as OwnedStream;
    this.#stream[owner] = this;
  }

  open(onStream: StreamHandler): void {
    const stream = this.#stream;
    stream.on("error", ignore); // "close" follows and tells more
    stream.on("close", handleClose);
    stream.on("wantTrailers", handleWantTrailers);
    this.#sink = onStream(this);
    stream.on("data", handleData);
    stream.on("end", handleEnd);
  }

  get connection(): ConnectionInfo {
    return this.#connection;
  }

  respond(fields: Fields, endStream = false): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    stream.respond(toNodeHeaders(fields), endStream ? headersOnly : headersAndTrailers);
    if (endStream) this.#finish();
  }

  write(bytes: Uint8Array): boolean {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed || stream.write(bytes)) return true;
    stream.once("drain", handleDrain);
    return false;
  }

  end(trailers: Fields, last?: Uint8Array): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    this.#trailers = trailers;
    if (last === undefined) stream.end();
    else stream.end(last);
  }

  reset(code: number): void {
    this.#stream[owner] = nobody;
    this.#stream.close(code);
    this.#stream.resume(); // unread data would keep the stream alive
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  sendTrailers(): void {
    const stream = this.#stream;
    stream.sendTrailers(toNodeHeaders(this.#trailers ?? []));
    this.#finish();
  }

  receive(chunk: Uint8Array): void {
    this.#sink.onData(chunk, 0, chunk.length);
  }

  endRequest(): void {
    if (this.#stream.aborted) return; // Node ends the readable side of streams that died, too
    this.#requestEnded = true;
    this.#sink.onEnd();
  }

  drained(): void {
    this.#sink.onDrain();
  }

  closed(): void {
    this.#stream[owner] = nobody;
    const { errored, rstCode } = this.#stream;
    const cause = errored instanceof ShutdownError ? errored : undefined;
    this.#sink.onReset(rstCode ?? ResetCode.CANCEL, cause);
  }

  /** The reply is complete: what the client still sends is of no interest. */
  #finish(): void {
    this.#stream[owner] = nobody;
    if (this.#requestEnded) return;
    this.#stream.resume();
    // Node sends trailers from a setImmediate of its own; the reset has to come after them.
    setImmediate(closeQuietly, this.#stream);
  }
}

const headersAndTrailers = { waitForTrailers: true, sendDate: false };
const headersOnly = { endStream: true, sendDate: false };

function closeQuietly(stream: ServerHttp2Stream): void {
  stream.close(ResetCode.NO_ERROR);
}

function handleData(this: ServerHttp2Stream, chunk: Uint8Array): void {
  (this as OwnedStream)[owner].receive(chunk);
}

function handleEnd(this: ServerHttp2Stream): void {
  (this as OwnedStream)[owner].endRequest();
}

function handleWantTrailers(this: ServerHttp2Stream): void {
  (this as OwnedStream)[owner].sendTrailers();
}

function handleDrain(this: ServerHttp2Stream): void {
  (this as OwnedStream)[owner].drained();
}

function handleClose(this: ServerHttp2Stream): void {
  (this as OwnedStream)[owner].closed();
}
