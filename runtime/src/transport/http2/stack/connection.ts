import type { Socket } from "node:net";
import { ShutdownError } from "../../shutdown-error.ts";
import type { StreamSink } from "../engine.ts";
import { PingPolicy, tooManyPings } from "../ping-policy.ts";
import type {
  ConnectionInfo,
  EngineLimit,
  ServerEngineOptions,
  StreamHandler,
} from "../server-engine.ts";
import { SocketInfo } from "../socket-info.ts";
import { ByteBudget } from "./byte-budget.ts";
import { ConnectionError, ErrorCode } from "./error-code.ts";
import { FloodGuard } from "./flood-guard.ts";
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

/** Milliseconds for the last words on a connection that is cut off. */
const lastWordsTimeout = 100;

/** What the connections of a server share. */
export interface ConnectionHost {
  readonly limits: Http2Limits;
  readonly options: ServerEngineOptions;
  readonly tables: HpackTables;
  readonly pool: BufferPool;
  /** Replies of all connections that wait for their clients. */
  readonly queued: ByteBudget;
  /** Payload that paused streams of all connections hold. */
  readonly held: ByteBudget;
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
  readonly #pings: PingPolicy;
  #framesAtPing = 0;
  #phase: number = Phase.open;
  #prefaceAt = 0;
  #readingStopped = false;

  constructor(host: ConnectionHost, socket: Socket) {
    const { limits, options } = host;
    this.limits = limits;
    this.streamWindow = limits.streamWindow;
    this.#host = host;
    this.#socket = socket;
    this.info = new SocketInfo(socket);
    this.queued = new ByteBudget(limits.maxQueuedBytes, host.queued);
    this.held = new ByteBudget(limits.maxHeldBytes, host.held);
    this.#output = new Output(socket, host.pool);
    this.#encoder = new HpackEncoder(host.tables);
    this.sender = new Sender(this.#output, this.#encoder);
    const window = new ReceiveWindow(this.sender, this.held, limits.connectionWindow);
    const decoder = new HpackDecoder(host.tables, options.maxMetadataBytes);
    const flood = new FloodGuard(limits, this.sender);
    this.#receiver = new Receiver(this, decoder, window, flood);
    this.#reader = new FrameReader(this.#receiver);
    this.#watch = new ConnectionWatch(limits, options);
    this.#pings = new PingPolicy(options.keepalive);
  }

  /** Begins to read. */
  open(): void {
    const socket = this.#socket;
    const { maxConcurrentStreams, maxMetadataBytes, observer } = this.#host.options;
    observer.onConnection(this.info);
    this.sender.sendSettings([
      Setting.MAX_CONCURRENT_STREAMS,
      maxConcurrentStreams,
      Setting.INITIAL_WINDOW_SIZE,
      this.streamWindow,
      Setting.MAX_HEADER_LIST_SIZE,
      maxMetadataBytes,
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
    if (headers.tooLarge) this.#onLimit("headers");
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

  onPing(): void {
    const { framesSent } = this.sender;
    if (framesSent !== this.#framesAtPing) {
      this.#framesAtPing = framesSent;
      this.#pings.forgive();
    }
    if (this.#pings.take(performance.now(), this.streams.size)) return;
    throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, tooManyPings, "controls");
  }

  onGoaway(code: number, message: string): void {
    this.#host.options.observer.onGoaway(this.info, "client", code, message);
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

  onQueueFull(): void {
    this.#onLimit("memory");
  }

  /** Ends the connection; streams that are left may say a last word, and die of `cause`. */
  cutOff(cause: Error): void {
    for (const stream of this.streams.toArray()) stream.cutOff(cause);
    if (this.#phase < Phase.ending) {
      this.sender.sendGoaway(this.streams.lastId, ErrorCode.NO_ERROR, "");
      this.#killStreams(cause);
      this.#end();
    }
    setTimeout(() => this.#destroy(), lastWordsTimeout).unref();
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
      case "leave":
        this.goodbye();
        return;
      case "refuse":
        this.#refuseStreams();
        return;
      case "old":
        this.cutOff(new ShutdownError("the connection is older than the server lets it become"));
        return;
      case "silent":
        this.#onLimit("silence");
        this.#destroy();
        return;
      case "stuck":
        this.#onLimit("memory");
        this.#destroy();
        return;
      case "gone":
        this.#destroy();
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
    if (this.#phase !== Phase.ending) this.#destroy();
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
    const { streams } = this;
    const { maxConcurrentStreams } = this.#host.options;
    if (streams.load < maxConcurrentStreams) return false;
    streams.pruneBusy();
    return streams.load >= maxConcurrentStreams;
  }

  /** A stream that is not begun; clients may try it again elsewhere. */
  #refuse(id: number, endStream: boolean): void {
    if (this.#phase < Phase.refusing) this.#onLimit(this.queued.exhausted ? "memory" : "streams");
    if (this.streams.size >= this.#host.options.maxConcurrentStreams) {
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
    this.#host.options.observer.onGoaway(this.info, "server", ErrorCode.NO_ERROR, "");
    if (this.streams.size === 0) this.#end();
  }

  #fail(error: ConnectionError): void {
    if (this.#phase >= Phase.ending) return;
    if (error.limit !== undefined) this.#onLimit(error.limit);
    this.#host.options.observer.onGoaway(this.info, "server", error.code, error.message);
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

  #onLimit(limit: EngineLimit): void {
    this.#host.options.observer.onLimit(this.info, limit);
  }

  #destroy(): void {
    this.#close();
    this.#socket.destroy();
  }

  #close(): void {
    if (this.#phase === Phase.closed) return;
    this.#phase = Phase.closed;
    this.#killStreams(undefined);
    this.#output.flush();
    this.#host.options.observer.onConnectionClosed(this.info);
    this.#host.onConnectionClosed(this);
  }
}

const pingPayload = /* @__PURE__ */ Uint8Array.of(0x6b, 0x72, 0x61, 0x74, 0x6f, 0x73, 0x74, 0x73);
