import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { ShutdownError } from "../../shutdown-error.ts";
import type { Fields, StreamSink } from "../engine.ts";
import { ResetCode } from "../engine.ts";
import type { ConnectionInfo, ServerStream, StreamHandler } from "../server-engine.ts";
import type { NodeConnection } from "./node-connection.ts";
import { type NodeHeaders, toNodeHeaders } from "./node-headers.ts";

function ignore(): void {}

/** Until the protocol has said who listens; events come later than that. */
const deaf: StreamSink = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };

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

/** A stream on `node:http2`, which a client opened. */
export class NodeServerStream implements ServerStream, StreamOwner {
  readonly headers: NodeHeaders;
  /** Belongs to the connection: where it has this stream. */
  place = 0;
  readonly #connection: NodeConnection;
  readonly #stream: OwnedStream;
  #sink: StreamSink = deaf;
  #requestEnded = false;
  #queuedBytes = 0;
  #trailers: OutgoingHttpHeaders = {};

  constructor(connection: NodeConnection, stream: ServerHttp2Stream, headers: NodeHeaders) {
    this.headers = headers;
    this.#connection = connection;
    this.#stream = stream as OwnedStream;
    this.#stream[owner] = this;
  }

  /** Shows the stream to the protocol, and what comes by it. */
  open(onStream: StreamHandler): void {
    const stream = this.#stream;
    this.#connection.addStream(this);
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

  /** Node is done with what it has told is written: that went to the system, or through TLS. */
  get copied(): boolean {
    return this.#stream.writableLength === 0;
  }

  cutOff(cause: Error): void {
    this.#sink.onCutOff?.(cause);
  }

  respond(fields: Fields, endStream = false): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    this.#connection.pings.forgive();
    stream.respond(toNodeHeaders(fields), endStream ? headersOnly : headersAndTrailers);
    if (endStream) this.#finish();
  }

  write(bytes: Uint8Array): boolean {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return true;
    this.#connection.pings.forgive();
    if (stream.write(bytes)) return true;
    stream.once("drain", handleDrain);
    return false;
  }

  end(trailers: Fields, last?: Uint8Array): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    this.#trailers = toNodeHeaders(trailers);
    if (last === undefined) {
      stream.end();
      return;
    }
    this.#queuedBytes = last.length;
    this.#connection.queuedBytes += last.length;
    stream.end(last);
  }

  reset(code: number): void {
    this.#letGo();
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
    const trailers = this.#trailers;
    try {
      stream.sendTrailers(trailers);
    } catch {
      // Node lets some names have one value only. It is too late to tell whoever sent them.
      stream.sendTrailers(firstValues(trailers));
    }
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
    this.#letGo();
    const { errored, rstCode } = this.#stream;
    const cause = errored instanceof ShutdownError ? errored : undefined;
    this.#sink.onReset(rstCode ?? ResetCode.CANCEL, cause);
  }

  /** The stream is over for the protocol. */
  #letGo(): void {
    this.#connection.queuedBytes -= this.#queuedBytes;
    this.#queuedBytes = 0;
    this.#stream[owner] = nobody;
    this.#connection.removeStream(this, this.#sink);
  }

  /** The reply is complete: what the client still sends is of no interest. */
  #finish(): void {
    this.#letGo();
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

function firstValues(fields: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}
