import type { BoundAddress, ListenAddress } from "../listen-address.ts";

/**
 * The boundary between the gRPC protocol and the HTTP/2 engine under it. The protocol knows HTTP/2 by these
 * declarations alone, so that another engine can take the place of the one in `node/`.
 *
 * Bytes travel as ranges of larger buffers; events arrive as method calls on one sink object per stream;
 * constant header blocks are {@link HeaderSet}s, whose encoded form an engine may keep.
 */

/** A header block that came from the other side. Names are in lower case. */
export interface HeaderView {
  /** The value of `name`, pseudo-headers (`:path`) included; several values are joined with `, `. */
  get(name: string): string | undefined;
  /** Calls `visit` for every field but pseudo-headers, repeated names included, in order of arrival. */
  forEach(visit: (name: string, value: string) => void): void;
  /** Set when fields are missing, since the block was larger than the engine takes. Absent: false. */
  readonly tooLarge?: boolean;
}

/** One header field to send; the name is in lower case. */
export type Field = readonly [name: string, value: string];

/** A constant list of fields. Make it once: engines keep what they derive from it in `encoded`. */
export class HeaderSet {
  readonly fields: readonly Field[];
  /** Belongs to the engine that sends this set. */
  encoded: unknown = undefined;

  constructor(fields: readonly Field[]) {
    this.fields = fields;
  }
}

/** Fields to send, pseudo-headers first. */
export type Fields = HeaderSet | readonly Field[];

/** Error codes of HTTP/2 that the gRPC protocol gives a meaning (RFC 9113, section 7). */
export const ResetCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
} as const;

/** What an engine tells about one stream. No call follows `onReset`, nor the end of both directions. */
export interface StreamSink {
  /** Payload; `bytes` may be reused once this returns. */
  onData(bytes: Uint8Array, start: number, end: number): void;
  /** The other side sends no more; `trailers` when it closed with some. */
  onEnd(trailers?: HeaderView): void;
  /**
   * The stream died. On a client `cause` is there when the connection was lost under it, on a server when
   * the server's own shutdown cut it off.
   */
  onReset(code: number, cause?: Error): void;
  /** What `write` refused to take more of has left. */
  onDrain(): void;
  /**
   * Whether work for the stream still goes on, though it may be over. Such work counts against
   * {@link ServerLimits.maxConcurrentStreams}, so that nobody starts without end what he then gives up.
   * Absent: false.
   */
  readonly busy?: boolean;
}

/** What is known about the connection that a stream came by. */
export interface ConnectionInfo {
  /** `host:port`, IPv6 in brackets; empty for Unix sockets. */
  readonly remoteAddress: string;
}

/** Both directions of a stream, as either side sees it. All methods are without effect once it has died. */
export interface Stream {
  /** Sends payload. False: wait for `onDrain` before more. `bytes` must stay unchanged until sent. */
  write(bytes: Uint8Array): boolean;
  /** Kills the stream in both directions. `onReset` is not called for it. */
  reset(code: number): void;
  /** Stops `onData`; the other side may send until the stream's window is full. */
  pause(): void;
  resume(): void;
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

/** A {@link StreamSink} that also takes response headers. */
export interface ClientSink extends StreamSink {
  /** Response headers; before any `onData`. Not called for a response that is trailers alone: see `onEnd`. */
  onHeaders(headers: HeaderView): void;
}

/** A stream that this side opened. */
export interface ClientStream extends Stream {
  /** Ends this direction, after `last` if given. */
  end(last?: Uint8Array): void;
}

/** A connection to a server. */
export interface ClientConnection {
  readonly remoteAddress: string;
  /** False once the server said goodbye or the connection ended: open the next stream elsewhere. */
  readonly usable: boolean;
  /** Opens a stream; `undefined` when the connection has just become unusable: nothing was sent. */
  open(fields: Fields, sink: ClientSink): ClientStream | undefined;
  /** Finds out whether the server is still there, after a call was not answered in time. */
  probe(): void;
  /** Cuts the connection; its streams get `onReset`. */
  destroy(): void;
}

/** Where a client connects to. */
export type ConnectAddress =
  { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * Opens a connection. Resolves when streams may be opened; rejects with what the system says.
 * An abort of `signal` gives up. `onClose` is called once when the connection is no longer usable.
 */
export type ConnectClient = (
  address: ConnectAddress,
  signal: AbortSignal,
  onClose: () => void,
) => Promise<ClientConnection>;
