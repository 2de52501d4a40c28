import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
} from "node:http2";
import { connect, constants } from "node:http2";
import { connect as connectSocket } from "node:net";
import { socketAddress } from "../socket-address.ts";
import { NodeHeaders, toNodeHeaders } from "./node-headers.ts";
import type { Fields, HeaderView } from "../engine.ts";
import type {
  ClientConnection,
  ClientSink,
  ClientStream,
  ConnectClient,
} from "../client-engine.ts";
import { ResetCode } from "../engine.ts";

/** Receive window of one stream, and of one connection, in bytes. */
const streamWindow = 256 * 1024;
const connectionWindow = 4 * 1024 * 1024;

/** Megabytes that a connection may hold in the engine, unsent requests included. */
const sessionMemory = 64;

/**
 * Streams that are reset over one connection before calls move to another, and how many of them a second
 * are forgotten. HTTP/2 servers take resets for an attack beyond a burst (1000 and 33 a second with
 * nghttp2, which Node, Envoy and others use) and cut the connection, with all that runs on it.
 */
const resetBurst = 500;
const resetRate = 30;

/** Milliseconds that a silent server has to answer a ping before it counts as gone. */
const pingTimeout = 5000;

/** Opens connections with `node:http2`, without TLS. */
export const connectNode: ConnectClient = (address, signal, onClose) =>
  new Promise((resolve, reject) => {
    const socket = connectSocket({ ...address, noDelay: true });
    const session = connect("http://localhost", {
      createConnection: () => socket,
      maxSessionMemory: sessionMemory,
      settings: { enablePush: false, initialWindowSize: streamWindow },
    });
    const giveUp = (): void => session.destroy(new Error("connecting was given up"));
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
    session.once("error", reject);
    session.once("close", () => reject(new Error("the connection was closed")));
    session.once("connect", () => {
      signal.removeEventListener("abort", giveUp);
      session.off("error", reject);
      session.setLocalWindowSize(connectionWindow);
      const remoteAddress = socketAddress(socket.remoteAddress, socket.remotePort);
      resolve(new NodeClientConnection(session, remoteAddress, onClose));
    });
  });

class NodeClientConnection implements ClientConnection {
  readonly remoteAddress: string;
  readonly #session: ClientHttp2Session;
  readonly #onClose: () => void;
  #usable = true;
  #error: Error | undefined;
  #pinging = false;
  #resets = 0;
  #lastReset = 0;

  constructor(session: ClientHttp2Session, remoteAddress: string, onClose: () => void) {
    this.#session = session;
    this.remoteAddress = remoteAddress;
    this.#onClose = onClose;
    session.on("error", (error) => {
      this.#error ??= error;
      this.retire();
    });
    session.once("goaway", () => this.retire());
    session.once("close", () => this.retire());
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** Why the connection is gone; undefined while it is there. */
  get lost(): Error | undefined {
    if (!this.#session.destroyed) return undefined;
    return this.#error ?? new Error("the server closed the connection");
  }

  open(fields: Fields, sink: ClientSink): ClientStream | undefined {
    const session = this.#session;
    if (!this.#usable || session.closed || session.destroyed) {
      this.retire();
      return undefined;
    }
    const stream = session.request(toNodeHeaders(fields), { endStream: false });
    return new NodeClientStream(this, stream, sink);
  }

  probe(): void {
    if (this.#pinging || this.#session.destroyed) return;
    this.#pinging = true;
    const timer = setTimeout(() => {
      this.#session.destroy(new Error("the server does not answer pings"));
    }, pingTimeout).unref();
    const sent = this.#session.ping(() => {
      this.#pinging = false;
      clearTimeout(timer);
    });
    if (!sent) clearTimeout(timer);
  }

  destroy(): void {
    this.#session.destroy();
  }

  /** Takes note of a stream that this side has reset. */
  countReset(): void {
    const now = performance.now();
    const forgotten = ((now - this.#lastReset) / 1000) * resetRate;
    this.#resets = Math.max(0, this.#resets - forgotten) + 1;
    this.#lastReset = now;
    if (this.#resets < resetBurst || !this.#usable) return;
    this.retire();
    this.#session.close(); // once its streams have ended
  }

  /** No further streams here; those that are open go on. */
  retire(): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#onClose();
  }
}

const owner = Symbol("stream");

/** A `node:http2` stream that knows the object made for it: no closure per stream and event. */
interface OwnedStream extends ClientHttp2Stream {
  [owner]: NodeClientStream;
}

class NodeClientStream implements ClientStream {
  readonly #connection: NodeClientConnection;
  readonly #stream: OwnedStream;
  readonly #sink: ClientSink;
  #trailers: HeaderView | undefined;
  /** The sink has heard of the end, or wants to hear nothing. */
  #silent = false;
  #refused = false;

  constructor(connection: NodeClientConnection, stream: ClientHttp2Stream, sink: ClientSink) {
    this.#connection = connection;
    this.#stream = stream as OwnedStream;
    this.#sink = sink;
    this.#stream[owner] = this;
    stream.on("response", handleResponse);
    stream.on("data", handleData);
    stream.on("trailers", handleTrailers);
    stream.on("end", handleEnd);
    stream.on("error", handleError);
    stream.on("close", handleClose);
  }

  write(bytes: Uint8Array): boolean {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed || stream.write(bytes)) return true;
    stream.once("drain", handleDrain);
    return false;
  }

  end(last?: Uint8Array): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    if (last === undefined) stream.end();
    else stream.end(last);
  }

  reset(code: number): void {
    this.#silent = true;
    if (!this.#stream.closed) this.#connection.countReset();
    this.#stream.close(code);
    this.#stream.resume(); // unread data would keep the stream alive
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  receiveHeaders(headers: HeaderView, isWhole: boolean): void {
    if (isWhole) this.#trailers = headers;
    else if (!this.#silent) this.#sink.onHeaders(headers);
  }

  receive(chunk: Uint8Array): void {
    if (!this.#silent) this.#sink.onData(chunk, 0, chunk.length);
  }

  receiveTrailers(trailers: HeaderView): void {
    this.#trailers = trailers;
  }

  /** Node also ends the readable side of streams that died; only trailers tell of a real end. */
  ended(): void {
    if (this.#silent || this.#trailers === undefined) return;
    this.#silent = true;
    this.#sink.onEnd(this.#trailers);
  }

  failed(error: Error): void {
    // The ids of the connection are used up: nothing was sent.
    if ("code" in error && error.code === "ERR_HTTP2_OUT_OF_STREAMS") {
      this.#refused = true;
      this.#connection.retire();
    }
  }

  closed(): void {
    if (this.#silent) return;
    this.#silent = true;
    const code = this.#refused ? ResetCode.REFUSED_STREAM : (this.#stream.rstCode ?? 0);
    if (code === ResetCode.REFUSED_STREAM) this.#sink.onReset(code);
    else if (this.#connection.lost !== undefined) this.#sink.onReset(code, this.#connection.lost);
    else if (code === ResetCode.NO_ERROR) this.#sink.onEnd(this.#trailers);
    else this.#sink.onReset(code);
  }

  drained(): void {
    if (!this.#silent) this.#sink.onDrain();
  }
}

function handleResponse(
  this: ClientHttp2Stream,
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader,
  flags: number,
  list: readonly string[] = [],
): void {
  const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
  (this as OwnedStream)[owner].receiveHeaders(new NodeHeaders(headers, list), isWhole);
}

function handleData(this: ClientHttp2Stream, chunk: Uint8Array): void {
  (this as OwnedStream)[owner].receive(chunk);
}

function handleTrailers(
  this: ClientHttp2Stream,
  headers: IncomingHttpHeaders,
  _flags: number,
  list: readonly string[] = [],
): void {
  (this as OwnedStream)[owner].receiveTrailers(new NodeHeaders(headers, list));
}

function handleEnd(this: ClientHttp2Stream): void {
  (this as OwnedStream)[owner].ended();
}

function handleError(this: ClientHttp2Stream, error: Error): void {
  (this as OwnedStream)[owner].failed(error);
}

function handleClose(this: ClientHttp2Stream): void {
  (this as OwnedStream)[owner].closed();
}

function handleDrain(this: ClientHttp2Stream): void {
  (this as OwnedStream)[owner].drained();
}
