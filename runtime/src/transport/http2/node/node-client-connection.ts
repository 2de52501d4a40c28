import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type {
  ClientConnection,
  ClientKeepalive,
  ClientSink,
  ClientStream,
  ConnectionListener,
} from "../client-engine.ts";
import type { Fields } from "../engine.ts";
import { socketAddress } from "../socket-address.ts";
import { NodeClientStream, type StreamHost } from "./node-client-stream.ts";
import { toNodeHeaders } from "./node-headers.ts";
import { type KeptConnection, NodeKeepalive } from "./node-keepalive.ts";

/**
 * Streams that are reset over one connection before calls move to another, and how many of them a second
 * are forgotten. HTTP/2 servers take resets for an attack beyond a burst (1000 and 33 a second with
 * nghttp2, which Node, Envoy and others use) and cut the connection, with all that runs on it.
 */
const resetBurst = 500;
const resetRate = 30;

/** A client's connection on `node:http2`. */
export class NodeClientConnection implements ClientConnection, StreamHost, KeptConnection {
  readonly remoteAddress: string;
  received = 0;
  readonly #session: ClientHttp2Session;
  readonly #listener: ConnectionListener;
  readonly #keepalive: NodeKeepalive;
  #usable = true;
  #error: Error | undefined;
  #maxStreams: number;
  #open = 0;
  #watching = 0;
  /** The last stream that the server has looked at; of those that came later it says so in its goodbye. */
  #lastStreamId = Number.POSITIVE_INFINITY;
  #resets = 0;
  #lastReset = 0;

  /** `session` must have had the server's settings. */
  constructor(
    session: ClientHttp2Session,
    socket: Socket,
    keepalive: ClientKeepalive,
    listener: ConnectionListener,
  ) {
    this.#session = session;
    this.#listener = listener;
    this.remoteAddress = socketAddress(socket.remoteAddress, socket.remotePort);
    this.#maxStreams = maxStreamsOf(session);
    this.#keepalive = new NodeKeepalive(session, this, keepalive);
    session.on("error", (error) => {
      this.#error ??= error;
      this.#leave();
    });
    // Node tells its sessions nothing of alerts of TLS.
    socket.on("error", (error) => this.fail(error));
    session.once("close", () => {
      this.#keepalive.stop();
      this.#leave();
    });
    session.on("goaway", (_code, lastStreamId: number) => {
      this.#lastStreamId = lastStreamId;
      this.#leave();
    });
    session.on("remoteSettings", () => {
      const had = this.hasRoom;
      this.#maxStreams = maxStreamsOf(session);
      if (!had && this.hasRoom) this.#listener.onRoom();
    });
    session.unref();
  }

  get usable(): boolean {
    return this.#usable;
  }

  get hasRoom(): boolean {
    return this.#usable && this.#open < this.#maxStreams;
  }

  get openStreams(): number {
    return this.#open - this.#watching;
  }

  get lost(): Error | undefined {
    if (!this.#session.destroyed) return undefined;
    return this.#error ?? new Error("the server closed the connection");
  }

  open(fields: Fields, sink: ClientSink, watching = false): ClientStream | undefined {
    const session = this.#session;
    if (!this.#usable || session.closed || session.destroyed) {
      this.#leave();
      return undefined;
    }
    const stream = session.request(toNodeHeaders(fields), openOptions);
    if (watching) this.#watching++;
    else if (this.#open === this.#watching) session.ref();
    this.#open++;
    this.#keepalive.wake();
    return new NodeClientStream(this, stream, sink, watching);
  }

  probe(): void {
    this.#keepalive.probe();
  }

  retire(): void {
    this.#leave();
    if (!this.#session.destroyed) this.#session.close(); // once its streams have ended
  }

  destroy(): void {
    this.fail(new Error("the connection was closed"));
  }

  fail(error: Error): void {
    this.#error ??= error;
    this.#session.destroy(error);
  }

  isUnprocessed(streamId: number | undefined): boolean {
    return streamId === undefined || streamId > this.#lastStreamId;
  }

  countReset(): void {
    const now = performance.now();
    const forgotten = ((now - this.#lastReset) / 1000) * resetRate;
    this.#resets = Math.max(0, this.#resets - forgotten) + 1;
    this.#lastReset = now;
    if (this.#resets >= resetBurst) this.retire();
  }

  streamEnded(watching: boolean): void {
    const had = this.hasRoom;
    this.#open--;
    if (watching) this.#watching--;
    if (this.#open === this.#watching) this.#session.unref();
    if (!had && this.hasRoom) this.#listener.onRoom();
  }

  streamFailed(error: Error): void {
    if (this.#session.destroyed) this.#error ??= error;
  }

  outOfStreams(): void {
    this.retire();
  }

  #leave(): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#listener.onClose();
  }
}

const openOptions = { endStream: false };

/** How many streams the server takes at once; Node has none where the server set no limit. */
function maxStreamsOf(session: ClientHttp2Session): number {
  return session.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
}
