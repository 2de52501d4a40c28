import type { ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from "node:http2";
import { constants } from "node:http2";
import type { ClientSink, ClientStream } from "../client-engine.ts";
import { type HeaderView, ResetCode } from "../engine.ts";
import { NodeHeaders } from "./node-headers.ts";

/** The connection of a stream, as the stream sees it. */
export interface StreamHost {
  /** Grows with everything that the server sends. */
  received: number;
  /** Why the connection is gone; undefined while it is there. */
  readonly lost: Error | undefined;
  /** Whether the server has said that it did nothing for this stream. */
  isUnprocessed(streamId: number | undefined): boolean;
  /** Takes note of a stream that this side has reset. */
  countReset(): void;
  streamEnded(watching: boolean): void;
  /** A stream has broken, be it that its connection has, which says so later. */
  streamFailed(error: Error): void;
  /** No further stream can have an id. */
  outOfStreams(): void;
}

const owner = Symbol("stream");

/** A `node:http2` stream that knows the object made for it: no closure per stream and event. */
interface OwnedStream extends ClientHttp2Stream {
  [owner]: NodeClientStream;
}

/** A stream of a client on `node:http2`. */
export class NodeClientStream implements ClientStream {
  readonly #host: StreamHost;
  readonly #stream: OwnedStream;
  readonly #watching: boolean;
  /**
   * Undefined when it has heard of the end, or wants to hear nothing. Node's part of a stream outlives the minor
   * garbage collections, and with it all that can be reached from there; a call must not be.
   */
  #sink: ClientSink | undefined;
  #trailers: HeaderView | undefined;
  #refused = false;

  constructor(host: StreamHost, stream: ClientHttp2Stream, sink: ClientSink, watching: boolean) {
    this.#host = host;
    this.#stream = stream as OwnedStream;
    this.#sink = sink;
    this.#watching = watching;
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
    this.#sink = undefined;
    this.#trailers = undefined;
    if (!this.#stream.closed) this.#host.countReset();
    // Node would end the request before it resets the stream, which looks like one that is whole.
    if (!this.#stream.writableEnded) this.#stream.end = leaveOpen;
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
    this.#host.received++;
    if (isWhole) this.#trailers = headers;
    else this.#sink?.onHeaders(headers);
  }

  receive(chunk: Uint8Array): void {
    this.#host.received++;
    this.#sink?.onData(chunk, 0, chunk.length);
  }

  receiveTrailers(trailers: HeaderView): void {
    this.#trailers = trailers;
  }

  /** Node also ends the readable side of streams that died; only trailers tell of a real end. */
  ended(): void {
    if (this.#trailers === undefined) return;
    this.#finish()?.onEnd(this.#trailers);
    // A server that wants no more of a request should say so, but not all do.
    if (!this.#stream.writableEnded) this.reset(ResetCode.CANCEL);
  }

  failed(error: Error): void {
    // The ids of the connection are used up: nothing was sent.
    if ("code" in error && error.code === "ERR_HTTP2_OUT_OF_STREAMS") {
      this.#refused = true;
      this.#host.outOfStreams();
    } else {
      this.#host.streamFailed(error);
    }
  }

  closed(): void {
    const host = this.#host;
    host.streamEnded(this.#watching);
    const sink = this.#finish();
    if (sink === undefined) return;
    const { rstCode = ResetCode.NO_ERROR, id } = this.#stream;
    const { lost } = host;
    if (this.#refused || rstCode === ResetCode.REFUSED_STREAM || host.isUnprocessed(id)) {
      sink.onReset(ResetCode.REFUSED_STREAM);
    } else if (lost !== undefined) {
      sink.onReset(rstCode, lost);
    } else if (rstCode === ResetCode.NO_ERROR) {
      sink.onEnd(this.#trailers);
    } else {
      sink.onReset(rstCode);
    }
  }

  drained(): void {
    this.#sink?.onDrain();
  }

  #finish(): ClientSink | undefined {
    const sink = this.#sink;
    this.#sink = undefined;
    return sink;
  }
}

/** In place of a stream's `end`. */
function leaveOpen(this: OwnedStream): OwnedStream {
  return this;
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
