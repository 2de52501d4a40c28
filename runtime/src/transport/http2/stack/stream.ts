import type { Fields, HeaderView, StreamSink } from "../engine.ts";
import type { ConnectionInfo, ServerStream } from "../server-engine.ts";
import { HeaderSet } from "../engine.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { ErrorCode } from "./error-code.ts";
import type { HeaderBlock } from "./header-block.ts";
import { HeldData } from "./held-data.ts";
import type { Sender, SendingStream } from "./sender.ts";

/** What a stream needs of its connection. */
export interface StreamHost {
  /** What is known about the client. */
  readonly info: ConnectionInfo;
  readonly sender: Sender;
  /** Replies that wait for the client. */
  readonly queued: ByteBudget;
  /** Payload that paused streams hold. */
  readonly held: ByteBudget;
  /** Receive window of a stream, in bytes. */
  readonly streamWindow: number;
  /** Both directions are over; `sink` is who was told about the stream. */
  onStreamClosed(stream: Http2Stream, sink: StreamSink): void;
  /** Paused payload was taken. */
  onHeldTaken(): void;
  /** A reply has to be given up, since too many wait. */
  onQueueFull(): void;
}

/** Until the protocol has said who listens, and once the stream is over. */
const deaf: StreamSink = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };

/** A stream that a client opened. */
export class Http2Stream implements ServerStream, SendingStream {
  readonly id: number;
  readonly headers: HeaderBlock;
  sendWindow: number;
  waiting = false;
  /** Belongs to the table of the open streams. */
  next: Http2Stream | undefined = undefined;
  readonly #host: StreamHost;
  #sink: StreamSink = deaf;
  #closed = false;
  #responded = false;
  /** This side has said all; some of it may still wait. */
  #ended = false;
  #requestEnded: boolean;
  /** What `content-length` still promises; negative when it promised nothing. */
  #contentLeft: number;
  #receiveWindow: number;
  #unacknowledged = 0;
  #paused = false;
  #held: HeldData | undefined = undefined;
  #queue: Uint8Array[] | undefined = undefined;
  /** Where in the first chunk of the queue to go on. */
  #queueAt = 0;
  #queuedBytes = 0;
  #trailers: Fields | undefined = undefined;

  /** `requestEnded`: there is no more than `headers`; `receiveEnd` follows all the same. */
  constructor(host: StreamHost, id: number, headers: HeaderBlock, requestEnded: boolean) {
    this.#host = host;
    this.id = id;
    this.headers = headers;
    this.#requestEnded = requestEnded;
    this.sendWindow = host.sender.initialWindow;
    this.#receiveWindow = host.streamWindow;
    this.#contentLeft = headers.contentLength;
  }

  get connection(): ConnectionInfo {
    return this.#host.info;
  }

  get hasQueued(): boolean {
    return this.#queue !== undefined;
  }

  get copied(): boolean {
    return this.#queue === undefined;
  }

  /** Whether the client has said all that it wants to say. */
  get requestEnded(): boolean {
    return this.#requestEnded;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Who is told from now on. */
  listen(sink: StreamSink): void {
    if (this.#closed) this.#host.onStreamClosed(this, sink);
    else this.#sink = sink;
  }

  respond(fields: Fields, endStream = false): void {
    if (this.#closed || this.#responded) return;
    this.#host.sender.sendHeaders(this.id, fields, endStream);
    this.#responded = true;
    if (endStream) this.#finish();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed || this.#ended || bytes.length === 0) return true;
    let at = 0;
    if (this.#queue === undefined) {
      at = this.#host.sender.sendData(this, bytes, 0, false);
      if (at === bytes.length) return true;
    }
    return this.#enqueue(bytes, at);
  }

  end(trailers: Fields, last?: Uint8Array): void {
    if (this.#closed || this.#ended) return;
    // They may have to wait, and nobody could be told of it then.
    this.#host.sender.checkHeaders(trailers);
    this.#ended = true;
    const hasTrailers = trailers instanceof HeaderSet || trailers.length > 0;
    if (last !== undefined && last.length > 0) {
      let at = 0;
      if (this.#queue === undefined) {
        at = this.#host.sender.sendData(this, last, 0, !hasTrailers);
        if (at === last.length) {
          this.#finishWith(hasTrailers ? trailers : undefined);
          return;
        }
      }
      if (hasTrailers) this.#trailers = trailers;
      this.#enqueue(last, at);
      return;
    }
    if (this.#queue !== undefined) {
      if (hasTrailers) this.#trailers = trailers;
      return;
    }
    if (!hasTrailers) this.#host.sender.sendEnd(this.id);
    this.#finishWith(hasTrailers ? trailers : undefined);
  }

  reset(code: number): void {
    if (this.#closed) return;
    this.#host.sender.sendReset(this.id, code);
    this.#close();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    // Not at once: who resumes may be in the middle of something.
    if (this.#held !== undefined) process.nextTick(deliverHeld, this);
  }

  sendQueued(): number {
    const queue = this.#queue as Uint8Array[];
    const first = queue[0] as Uint8Array;
    const start = this.#queueAt;
    const endStream = this.#ended && this.#trailers === undefined && queue.length === 1;
    const at = this.#host.sender.sendData(this, first, start, endStream, 1);
    this.#queuedBytes -= at - start;
    this.#host.queued.giveBack(at - start);
    this.#queueAt = at;
    if (at < first.length) return at - start;
    this.#queueAt = 0;
    if (queue.length > 1) {
      queue.shift();
      return at - start;
    }
    this.#queue = undefined;
    if (!this.#ended) {
      this.#sink.onDrain();
      return at - start;
    }
    this.#finishWith(this.#trailers);
    return at - start;
  }

  /** Counts a DATA frame with a payload of `length` bytes; false when it is more than the window. */
  takeWindow(length: number): boolean {
    this.#receiveWindow -= length;
    return this.#receiveWindow >= 0;
  }

  /** Payload from the client; false when it is more than was promised. */
  receive(bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (this.#contentLeft >= 0 && (this.#contentLeft -= length) < 0) return false;
    if (this.#held !== undefined || this.#paused) {
      this.#held ??= new HeldData(this.#host.held);
      this.#held.add(bytes, start, end);
      return true;
    }
    this.#sink.onData(bytes, start, end);
    this.credit(length);
    return true;
  }

  /** The client sends no more; false when more was promised. */
  receiveEnd(trailers?: HeaderView): boolean {
    if (this.#contentLeft > 0) return false;
    this.#requestEnded = true;
    if (this.#held !== undefined) this.#held.end(trailers);
    else this.#sink.onEnd(trailers);
    return true;
  }

  /** Lets the client send `length` bytes more. Before `receiveEnd` only. */
  credit(length: number): void {
    if (this.#closed || this.#requestEnded) return;
    this.#unacknowledged += length;
    if (this.#unacknowledged * 2 < this.#host.streamWindow) return;
    this.#host.sender.sendWindowUpdate(this.id, this.#unacknowledged);
    this.#receiveWindow += this.#unacknowledged;
    this.#unacknowledged = 0;
  }

  /** Hands on what came while the stream was paused. */
  deliver(): void {
    while (!this.#paused && !this.#closed) {
      const held = this.#held;
      if (held === undefined) return;
      const chunk = held.take();
      if (chunk === undefined) {
        this.#held = undefined;
        if (held.ended) this.#sink.onEnd(held.trailers);
        return;
      }
      this.#sink.onData(chunk, 0, chunk.length);
      this.credit(chunk.length);
      this.#host.onHeldTaken();
    }
  }

  /** The stream died: the client reset it, or the connection is gone. */
  die(code: number, cause?: Error): void {
    if (this.#closed) return;
    const sink = this.#sink;
    this.#close();
    sink.onReset(code, cause);
  }

  /** The connection is about to be cut off: the last chance to answer. */
  cutOff(cause: Error): void {
    this.#sink.onCutOff?.(cause);
  }

  /** Keeps what cannot be sent now; false unless the stream dies of it. */
  #enqueue(bytes: Uint8Array, at: number): boolean {
    const { queued, sender } = this.#host;
    if (queued.exhausted) {
      this.#host.onQueueFull();
      sender.sendReset(this.id, ErrorCode.ENHANCE_YOUR_CALM);
      this.die(ErrorCode.ENHANCE_YOUR_CALM);
      return true;
    }
    if (this.#queue === undefined) {
      this.#queue = [bytes];
      this.#queueAt = at;
    } else {
      this.#queue.push(bytes);
    }
    this.#queuedBytes += bytes.length - at;
    queued.take(bytes.length - at);
    sender.wait(this);
    return false;
  }

  /** The payload is complete: sends the trailers, if there are any. */
  #finishWith(trailers: Fields | undefined): void {
    if (trailers !== undefined) this.#host.sender.sendHeaders(this.id, trailers, true);
    this.#finish();
  }

  /** The reply is complete: what the client still sends is of no interest. */
  #finish(): void {
    this.#ended = true;
    if (!this.#requestEnded) this.#host.sender.sendReset(this.id, ErrorCode.NO_ERROR);
    this.#close();
  }

  #close(): void {
    const sink = this.#sink;
    this.#closed = true;
    this.#sink = deaf;
    this.#host.queued.giveBack(this.#queuedBytes);
    this.#queuedBytes = 0;
    this.#queue = undefined;
    this.#trailers = undefined;
    this.#held?.drop();
    this.#held = undefined;
    this.#host.onStreamClosed(this, sink);
  }
}

function deliverHeld(stream: Http2Stream): void {
  stream.deliver();
}
