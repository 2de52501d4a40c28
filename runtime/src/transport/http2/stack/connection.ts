import type { Socket } from "node:net";
import { SocketInfo } from "../socket-info.ts";
import type { StreamSink } from "../engine.ts";
import type { ConnectionInfo, StreamHandler } from "../server-engine.ts";
import { ByteBudget } from "./byte-budget.ts";
import { ConnectionError, ErrorCode } from "./error-code.ts";
import { clientPreface, FrameFlag, maxWindow } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import type { HeaderBlock } from "./header-block.ts";
import { HpackDecoder } from "./hpack-decoder.ts";
import { HpackEncoder } from "./hpack-encoder.ts";
import type { HpackTables } from "./hpack-tables.ts";
import type { Http2Limits } from "./limits.ts";
import type { BufferPool } from "./output.ts";
import { Output } from "./output.ts";
import { ReceiveWindow } from "./receive-window.ts";
import type { ReceiverHost } from "./receiver.ts";
import { Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";
import { Setting } from "./settings.ts";
import type { StreamHost } from "./stream.ts";
import { Http2Stream } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";
import { ConnectionWatch } from "./connection-watch.ts";

/** Unsent bytes above which nothing more is read: who asks for answers has to take them. */
const maxUnsent = 1024 * 1024;

/** What the connections of a server share. */
export interface ConnectionHost {
  readonly limits: Http2Limits;
  readonly tables: HpackTables;
  readonly pool: BufferPool;
  /** Replies of all connections that wait for their clients. */
  readonly queued: ByteBudget;
  readonly onStream: StreamHandler;
  onConnectionClosed(connection: Http2Connection): void;
}

/** How far a connection has come to its end. */
const Phase = {
  open: 0,
  /** The client was told that the end comes. */
  leaving: 1,
  /** New streams are refused. */
  refusing: 2,
  /** Nothing is sent any more, and what comes is dropped. */
  ending: 3,
  closed: 4,
} as const;

/** A connection of a client: its socket, its life, and what holds its parts together. */
export class Http2Connection implements ReceiverHost, StreamHost {
  readonly limits: Http2Limits;
  readonly streams: StreamTable = new StreamTable();
  readonly sender: Sender;
  readonly queued: ByteBudget;
  readonly held: ByteBudget;
  readonly streamWindow: number;
  /** What is known about the client. */
  readonly info: ConnectionInfo;
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  readonly #output: Output;
  readonly #encoder: HpackEncoder;
  readonly #receiver: Receiver;
  readonly #reader: FrameReader;
  readonly #watch: ConnectionWatch;
  #phase: number = Phase.open;
  #prefaceAt = 0;
  #readingStopped = false;

  constructor(host: ConnectionHost, socket: Socket) {
    const { limits } = host;
    this.limits = limits;
    this.streamWindow = limits.streamWindow;
    this.#host = host;
    this.#socket = socket;
    this.info = new SocketInfo(socket);
    this.queued = new ByteBudget(limits.maxQueuedBytes, host.queued);
    this.held = new ByteBudget(limits.maxHeldBytes);
    this.#output = new Output(socket, host.pool);
    this.#encoder = new HpackEncoder(host.tables);
    this.sender = new Sender(this.#output, this.#encoder);
    const window = new ReceiveWindow(this.sender, this.held, limits.connectionWindow);
    const decoder = new HpackDecoder(host.tables, limits.maxHeaderListBytes);
    this.#receiver = new Receiver(this, decoder, window);
    this.#reader = new FrameReader(this.#receiver);
    this.#watch = new ConnectionWatch(limits);
  }

  /** Begins to read. */
  open(): void {
    const socket = this.#socket;
    const { maxConcurrentStreams, maxHeaderListBytes, streamWindow } = this.limits;
    this.sender.sendSettings([
      Setting.MAX_CONCURRENT_STREAMS,
      maxConcurrentStreams,
      Setting.INITIAL_WINDOW_SIZE,
      streamWindow,
      Setting.MAX_HEADER_LIST_SIZE,
      maxHeaderListBytes,
    ]);
    this.#receiver.window.announce();
    socket.on("data", (bytes) => this.#read(bytes));
    socket.on("drain", () => this.#onDrained());
    socket.on("end", () => this.#onEnded());
    socket.on("close", () => this.#close());
    socket.resume();
  }

  openStream(id: number, headers: HeaderBlock, endStream: boolean): void {
    if (this.#phase >= Phase.refusing || this.queued.exhausted || this.#isFull()) {
      this.#refuse(id, endStream);
      return;
    }
    const stream = new Http2Stream(this, id, headers, endStream);
    this.streams.add(stream);
    stream.listen(this.#host.onStream(stream));
    if (endStream && !stream.closed) stream.receiveEnd();
  }

  onSettings(ack: boolean): void {
    if (ack) this.#watch.settingsKnown = true;
    else this.#watch.established = true;
  }

  onPong(): void {
    this.#watch.pinged = false;
    if (this.#phase === Phase.leaving) this.#refuseStreams();
  }

  onGoaway(): void {
    if (this.#phase < Phase.refusing) this.#refuseStreams();
  }

  encoderTableSize(bytes: number): void {
    this.#encoder.limitTable(bytes);
  }

  onStreamClosed(stream: Http2Stream, sink: StreamSink): void {
    this.streams.remove(stream.id, !stream.requestEnded);
    if (sink.busy === true) this.streams.addBusy(sink);
    if (this.#phase === Phase.refusing && this.streams.size === 0) this.#end();
  }

  onHeldTaken(): void {
    this.#receiver.window.update();
  }

  /**
   * Tells the client to go elsewhere, and closes the connection when the last stream has ended. Streams that
   * the client opens before it can know of this are served.
   */
  goodbye(): void {
    if (this.#phase !== Phase.open) return;
    this.#phase = Phase.leaving;
    if (!this.#watch.established) {
      this.#refuseStreams();
      return;
    }
    this.sender.sendGoaway(maxWindow, ErrorCode.NO_ERROR, "");
    this.sender.sendPing(pingPayload, 0, FrameFlag.NONE);
    this.#watch.leavingSince = performance.now();
  }

  /** Cuts the connection; streams that are left die of `cause`. */
  destroy(cause: Error): void {
    if (this.#phase < Phase.ending) {
      this.sender.sendGoaway(this.streams.lastId, ErrorCode.NO_ERROR, "");
      this.#output.flush();
    }
    this.#close(cause);
    this.#socket.destroy();
  }

  /** Ends what takes too long; called now and then. */
  check(now: number): void {
    this.streams.pruneBusy();
    const found = this.#watch.check(now, {
      ending: this.#phase === Phase.ending,
      inHeaders: this.#receiver.inHeaders,
      streams: this.streams.size,
      queued: this.queued.used,
      starving: this.queued.exhausted,
      unsent: this.#output.unsent,
      sent: this.#output.sent,
    });
    switch (found) {
      case "none":
        return;
      case "ping":
        this.sender.sendPing(pingPayload, 0, FrameFlag.NONE);
        return;
      case "idle":
        this.goodbye();
        return;
      case "goodbye":
        this.#refuseStreams();
        return;
      case "gone":
        this.#close();
        this.#socket.destroy();
        return;
      default:
        this.#fail(found);
    }
  }

  #read(bytes: Uint8Array): void {
    if (this.#phase >= Phase.ending) return;
    this.#watch.active = true;
    try {
      const start = this.#prefaceAt < clientPreface.length ? this.#readPreface(bytes) : 0;
      if (start < bytes.length) this.#reader.push(bytes, start);
    } catch (error) {
      if (error instanceof ConnectionError) {
        this.#fail(error);
        return;
      }
      // A fault of ours: what is left of the bytes cannot be read any more, and somebody has to hear of it.
      this.#fail(new ConnectionError(ErrorCode.INTERNAL_ERROR, "the server is at fault"));
      throw error;
    }
    if (this.#output.unsent > maxUnsent) {
      this.#readingStopped = true;
      this.#socket.pause();
    }
  }

  #readPreface(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length && this.#prefaceAt < clientPreface.length) {
      if (bytes[at++] !== clientPreface.charCodeAt(this.#prefaceAt++)) {
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "the client does not speak HTTP/2");
      }
    }
    return at;
  }

  /** With the client's end of the socket the connection is over, but for a last word that is on its way. */
  #onEnded(): void {
    if (this.#phase === Phase.ending) return;
    this.#close();
    this.#socket.destroy();
  }

  #onDrained(): void {
    this.#output.congested = false;
    this.#output.reclaim();
    this.sender.pump();
    if (!this.#readingStopped || this.#output.unsent > maxUnsent) return;
    this.#readingStopped = false;
    this.#socket.resume();
  }

  #isFull(): boolean {
    const { streams, limits } = this;
    if (streams.load < limits.maxConcurrentStreams) return false;
    streams.pruneBusy();
    return streams.load >= limits.maxConcurrentStreams;
  }

  /** A stream that is not begun; clients may try it again elsewhere. */
  #refuse(id: number, endStream: boolean): void {
    if (this.streams.size >= this.limits.maxConcurrentStreams) {
      this.#receiver.resetStream(id, ErrorCode.REFUSED_STREAM);
    } else {
      // Not what the client did wrong.
      this.sender.sendReset(id, ErrorCode.REFUSED_STREAM);
      this.streams.ignore(id);
    }
    if (endStream) this.streams.unignore(id);
  }

  #refuseStreams(): void {
    this.#phase = Phase.refusing;
    this.#watch.leavingSince = 0;
    this.sender.sendGoaway(this.streams.lastId, ErrorCode.NO_ERROR, "");
    if (this.streams.size === 0) this.#end();
  }

  #fail(error: ConnectionError): void {
    if (this.#phase >= Phase.ending) return;
    this.sender.sendGoaway(this.streams.lastId, error.code, error.message);
    this.#phase = Phase.ending;
    this.#killStreams(undefined);
    this.#end();
  }

  /** Sends what is left, and waits for the client to close its end. */
  #end(): void {
    this.#phase = Phase.ending;
    this.#watch.endingSince = performance.now();
    this.#output.flush();
    this.#socket.end();
    // What comes now is read, and dropped: unread bytes would make the system reset the connection.
    this.#socket.resume();
  }

  #killStreams(cause: Error | undefined): void {
    for (const stream of this.streams.toArray()) stream.die(ErrorCode.CANCEL, cause);
    this.sender.clear();
  }

  #close(cause?: Error): void {
    if (this.#phase === Phase.closed) return;
    this.#phase = Phase.closed;
    this.#killStreams(cause);
    this.#output.flush();
    this.#host.onConnectionClosed(this);
  }
}

const pingPayload = /* @__PURE__ */ Uint8Array.of(0x6b, 0x72, 0x61, 0x74, 0x6f, 0x73, 0x74, 0x73);
