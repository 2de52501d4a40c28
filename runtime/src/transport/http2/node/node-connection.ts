import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { ShutdownError } from "../../shutdown-error.ts";
import { spreadAge } from "../connection-age.ts";
import { ResetCode, type StreamSink } from "../engine.ts";
import { PingPolicy, tooManyPings } from "../ping-policy.ts";
import type { EngineLimit, ServerEngineOptions } from "../server-engine.ts";
import { SocketInfo } from "../socket-info.ts";
import type { NodeServerStream } from "./node-stream.ts";

/** More bytes than a server sends that only answers pings and takes what comes. */
const payloadBytes = 256;

/** Milliseconds that a client has for its first settings. */
const handshakeTimeout = 10_000;

/** Milliseconds for the client's end of a connection that is over, and for the last words of one that is cut off. */
const goodbyeTimeout = 1000;
const lastWordsTimeout = 100;

/** Replies of a connection that wait for its client; above it no stream is begun. */
const maxQueuedBytes = 64 * 1024 * 1024;

/** Milliseconds of quiet after which a connection is tried once, and for which it may take nothing then. */
const probeTime = 10_000;
const stallTimeout = 20_000;

/** A connection on `node:http2`: its streams, and its life. */
export class NodeConnection extends SocketInfo {
  readonly pings: PingPolicy;
  /** Those whose reply is not complete, in no order. */
  readonly streams: NodeServerStream[] = [];
  /** Last messages of replies that wait for the client. */
  queuedBytes = 0;
  /** Work that goes on after its stream is over. */
  readonly #busy = new Set<StreamSink>();
  readonly #socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #options: ServerEngineOptions;
  readonly #opened = performance.now();
  readonly #maxAge: number;
  /** The client has sent its settings. */
  #established = false;
  #idleSince = 0;
  #agedSince = 0;
  #endingSince = 0;
  #bytesRead = 0;
  #bytesAtPing = 0;
  #quietSince = performance.now();
  #pingedSince = 0;
  /** When a quiet connection was tried; its answer does not end the quiet. */
  #probedSince = 0;
  #answered = false;

  constructor(socket: Socket, session: ServerHttp2Session, options: ServerEngineOptions) {
    super(socket);
    this.#socket = socket;
    this.#session = session;
    this.#options = options;
    this.#maxAge = spreadAge(options.maxConnectionAge);
    this.pings = new PingPolicy(options.keepalive);
    session.on("error", ignore); // its streams have told their sinks
    session.once("remoteSettings", () => {
      this.#established = true;
    });
    session.on("ping", () => this.#receivePing());
    session.on("goaway", (code: number, _last: number, data?: Buffer) => {
      options.observer.onGoaway(this, "client", code, data?.toString() ?? "");
    });
  }

  /** What is against one more stream; undefined: it may be begun. */
  findLimit(): EngineLimit | undefined {
    if (this.queuedBytes > maxQueuedBytes) return "memory";
    const { maxConcurrentStreams } = this.#options;
    if (this.streams.length + this.#busy.size < maxConcurrentStreams) return undefined;
    this.#pruneBusy();
    return this.streams.length + this.#busy.size < maxConcurrentStreams ? undefined : "streams";
  }

  addStream(stream: NodeServerStream): void {
    stream.place = this.streams.length;
    this.streams.push(stream);
  }

  /** A stream whose reply is complete, or that died. */
  removeStream(stream: NodeServerStream, sink: StreamSink): void {
    const { streams } = this;
    const last = streams.at(-1);
    if (last !== undefined && streams[stream.place] === stream) {
      streams[stream.place] = last;
      last.place = stream.place;
      streams.pop();
    }
    if (sink.busy === true) this.#busy.add(sink);
  }

  /**
   * Tells the client to go elsewhere; the connection ends with its last stream. Streams that the client opens
   * before it knows are left to it to repeat: Node cannot announce its end and still take them.
   */
  goodbye(): void {
    const session = this.#session;
    if (session.closed || session.destroyed) return;
    session.close();
    this.#options.observer.onGoaway(this, "server", ResetCode.NO_ERROR, "");
  }

  /** Ends the connection, and what still runs with it, as soon as the last words are sent. */
  cutOff(cause: ShutdownError): void {
    if (this.#session.destroyed) {
      this.#socket.destroy();
      return;
    }
    for (const stream of this.streams.slice()) stream.cutOff(cause);
    this.goodbye();
    setTimeout(() => {
      this.#session.destroy(cause);
      this.#socket.destroy();
    }, lastWordsTimeout);
  }

  /** Ends what takes too long; called now and then with the time as `performance.now` has it. */
  check(now: number): void {
    this.#pruneBusy();
    if (this.#session.destroyed) {
      // Node waits for ever for the client to close its end.
      if (this.#endingSince === 0) this.#endingSince = now;
      else if (now - this.#endingSince > goodbyeTimeout) this.#socket.destroy();
      return;
    }
    if (!this.#established && now - this.#opened > handshakeTimeout) {
      this.#end("silence", ResetCode.PROTOCOL_ERROR, "the handshake takes too long");
      return;
    }
    this.#checkAge(now);
    this.#checkSilence(now);
  }

  #pruneBusy(): void {
    for (const sink of this.#busy) if (sink.busy !== true) this.#busy.delete(sink);
  }

  #checkAge(now: number): void {
    const { maxConnectionIdle, maxConnectionAgeGrace } = this.#options;
    if (this.streams.length > 0) this.#idleSince = 0;
    else if (this.#idleSince === 0) this.#idleSince = now;
    else if (maxConnectionIdle > 0 && now - this.#idleSince >= maxConnectionIdle) this.goodbye();
    if (this.#maxAge === 0) return;
    if (this.#agedSince === 0) {
      if (now - this.#opened < this.#maxAge) return;
      this.#agedSince = now;
      this.goodbye();
    } else if (maxConnectionAgeGrace > 0 && now - this.#agedSince >= maxConnectionAgeGrace) {
      this.cutOff(new ShutdownError("the connection is older than the server lets it become"));
    }
  }

  #checkSilence(now: number): void {
    const { time, timeout } = this.#options.keepalive;
    const { bytesRead } = this.#socket;
    if (bytesRead !== this.#bytesRead) {
      this.#bytesRead = bytesRead;
      this.#quietSince = now;
      this.#pingedSince = 0;
      // The answer to a probe is no reason for another.
      if (!this.#answered) this.#probedSince = 0;
      this.#answered = false;
    } else if (this.#pingedSince > 0) {
      if (now - this.#pingedSince > timeout) this.#lose();
    } else if (time > 0 && now - this.#quietSince >= time) {
      this.#pingedSince = now;
      this.#session.ping(ignore);
    } else {
      this.#probe(now);
    }
  }

  /**
   * Finds connections on which HTTP/2 has given up, as it does when headers cannot be decoded: Node then neither
   * reads nor says so, and never sees that the client has gone. All that shows is what stays in the queue.
   */
  #probe(now: number): void {
    const session = this.#session;
    if (this.#probedSince === 0) {
      if (now - this.#quietSince < probeTime) return;
      this.#probedSince = now;
      session.ping(() => {
        this.#answered = true;
      });
    } else if (
      now - this.#probedSince > stallTimeout &&
      (session.state.outboundQueueSize ?? 0) > 0
    ) {
      this.#lose();
    }
  }

  /** Who does not answer does not close its end, either. */
  #lose(): void {
    this.#options.observer.onLimit(this, "silence");
    this.#session.destroy();
    this.#socket.destroy();
  }

  #receivePing(): void {
    // A reply that was handed to Node as a whole goes out in many frames, between which clients may ping.
    const { bytesWritten } = this.#socket;
    if (bytesWritten - this.#bytesAtPing > payloadBytes) this.pings.forgive();
    this.#bytesAtPing = bytesWritten;
    if (this.pings.take(performance.now(), this.streams.length)) return;
    this.#end("controls", ResetCode.ENHANCE_YOUR_CALM, tooManyPings);
  }

  /** Ends the connection of a client that does not keep to the rules. */
  #end(limit: EngineLimit, code: number, reason: string): void {
    const { observer } = this.#options;
    observer.onLimit(this, limit);
    observer.onGoaway(this, "server", code, reason);
    this.#session.goaway(code, 0, Buffer.from(reason));
    this.#session.destroy();
  }
}

function ignore(): void {}
