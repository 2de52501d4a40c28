import type { PeerCertificate } from "node:tls";
import type { ListenerObserver } from "../gated-listener.ts";
import type { BoundAddress, ListenAddress } from "../listen-address.ts";
import type { CompleteTlsOptions } from "../tls-options.ts";
import type { Fields, HeaderView, Stream, StreamSink } from "./engine.ts";

/** What is known about the connection that a stream came by: one object for all streams of the connection. */
export interface ConnectionInfo {
  /** `host:port`, IPv6 in brackets; empty for Unix sockets. */
  readonly remoteAddress: string;
  /** The server's own end, in the same form. */
  readonly localAddress: string;
  /** Whether TLS is spoken. */
  readonly encrypted: boolean;
  /** The certificate that the client has shown; undefined without TLS, and where none was asked for. */
  peerCertificate(): PeerCertificate | undefined;
}

/** A connection as an engine hands it to its server. */
export interface ServerConnection extends ConnectionInfo {
  /** Belongs to the server, which keeps there what it knows of the connection. */
  record?: unknown;
}

/** A stream that a client opened. */
export interface ServerStream extends Stream {
  readonly headers: HeaderView;
  readonly connection: ServerConnection;
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
  /**
   * The header fields of one request in bytes, each counting 32 more than it has (RFC 9113, section 10.5.1).
   * Streams with more are handed on with `headers.tooLarge`.
   */
  readonly maxMetadataBytes: number;
}

/** How long connections live, in milliseconds; 0: without a limit. */
export interface ConnectionLife {
  /** A connection without streams gets a GOAWAY after this time. */
  readonly maxConnectionIdle: number;
  /** Every connection gets a GOAWAY after this time, or up to a tenth more or less: see {@link spreadAge}. */
  readonly maxConnectionAge: number;
  /** How long, after that, its streams may go on before they are cut off. */
  readonly maxConnectionAgeGrace: number;
  readonly keepalive: ServerKeepalive;
}

/** How an engine finds out that clients have gone, and which pings of theirs it bears; in milliseconds. */
export interface ServerKeepalive {
  /** A client that says nothing for this time is pinged. 0: never. */
  readonly time: number;
  /** One that does not answer such a ping in this time is gone. */
  readonly timeout: number;
  /** How far apart the pings of a client have to be; one that keeps coming sooner gets `too_many_pings`. */
  readonly minTime: number;
  /** Whether clients may ping while they have no stream. */
  readonly permitWithoutStream: boolean;
}

/** Bounds whose crossing an engine reports. */
export type EngineLimit =
  /** Streams above `maxConcurrentStreams`. */
  | "streams"
  /** A header block above `maxMetadataBytes`, or one that does not come to its end. */
  | "headers"
  /** Streams that are reset as fast as they are opened. */
  | "resets"
  /** Pings, settings, or empty frames without end, `too_many_pings` included. */
  | "controls"
  /** Bytes that wait for a client which takes none. */
  | "memory"
  /** A client that does not answer, be it settings or pings. */
  | "silence";

/** Is told of what happens to connections, for diagnostics; it must not throw. */
export interface EngineObserver extends ListenerObserver {
  /** A connection whose streams are served from now on. */
  onConnection(connection: ServerConnection): void;
  /** Once for each {@link onConnection}. */
  onConnectionClosed(connection: ServerConnection): void;
  /** `sender` said goodbye, with a code of HTTP/2 and what it wrote beside. */
  onGoaway(
    connection: ConnectionInfo,
    sender: "client" | "server",
    code: number,
    reason: string,
  ): void;
  /** A client was held to a bound. */
  onLimit(connection: ConnectionInfo, limit: EngineLimit): void;
}

/** What a server asks of its engine. */
export interface ServerEngineOptions extends ServerLimits, ConnectionLife {
  /** Undefined: connections are in clear text. */
  readonly tls: CompleteTlsOptions | undefined;
  readonly observer: EngineObserver;
}

/** The serving side of an HTTP/2 implementation. */
export interface ServerEngine {
  /**
   * Opens the listener; resolves with where that is.
   * Connections wait, unread, until {@link accept}. Rejects with what the system says, and with a
   * `TlsCredentialsError`.
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
  options: ServerEngineOptions,
  onStream: StreamHandler,
  onError: (error: Error) => void,
) => ServerEngine;

/** An implementation of HTTP/2 for servers, to be handed to them. What is in it is for them alone. */
export interface Http2Engine {
  readonly createServer: CreateServerEngine;
}
