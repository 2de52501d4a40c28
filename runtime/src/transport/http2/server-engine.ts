import type { BoundAddress, ListenAddress } from "../listen-address.ts";
import type { Fields, HeaderView, Stream, StreamSink } from "./engine.ts";

/** What is known about the connection that a stream came by. */
export interface ConnectionInfo {
  /** `host:port`, IPv6 in brackets; empty for Unix sockets. */
  readonly remoteAddress: string;
}

/** A stream that a client opened. */
export interface ServerStream extends Stream {
  readonly headers: HeaderView;
  readonly connection: ConnectionInfo;
  /**
   * Sends response headers, `:status` among them; with `endStream` they are all there is. Throws for fields
   * that HTTP/2 cannot carry.
   */
  respond(fields: Fields, endStream?: boolean): void;
  /**
   * Sends `last`, if given, then `trailers`, and ends this direction. May throw a `TypeError` for fields that
   * HTTP/2 cannot carry, as `respond` may; nothing was sent then.
   */
  end(trailers: Fields, last?: Uint8Array): void;
}

/** Takes a new stream; returns who is told about it. Called once the request's headers are there. */
export type StreamHandler = (stream: ServerStream) => StreamSink;

/** Bounds that an engine puts on its peers. */
export interface ServerLimits {
  /** Streams that one connection may have open at once. */
  readonly maxConcurrentStreams: number;
}

/** The serving side of an HTTP/2 implementation. */
export interface ServerEngine {
  /**
   * Opens the listener; resolves with where that is.
   * Connections wait, unread, until {@link accept}. Rejects with what the system says.
   */
  listen(address: ListenAddress): Promise<BoundAddress>;
  /** Begins to read connections. */
  accept(): void;
  /**
   * Closes the listener, tells every client to go elsewhere, and resolves when the last stream and
   * connection has ended. An abort of `signal` cuts off what is left.
   */
  shutdown(signal: AbortSignal): Promise<void>;
}

/** Makes a server on the engine's HTTP/2; `onError` gets what no stream can be blamed for. */
export type CreateServerEngine = (
  limits: ServerLimits,
  onStream: StreamHandler,
  onError: (error: Error) => void,
) => ServerEngine;

/**
 * The key under which the options of a server may hold another {@link CreateServerEngine} than the usual one.
 * Not for users: which engine a server runs on is no choice of theirs yet.
 */
export const engineOption: unique symbol = Symbol("engine");

/** Options of a server as those who choose its engine give them. */
export interface EngineChoice {
  readonly [engineOption]?: CreateServerEngine;
}
