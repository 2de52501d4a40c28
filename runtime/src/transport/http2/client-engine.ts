import type { SecureContext } from "node:tls";
import type { Fields, HeaderView, Stream, StreamSink } from "./engine.ts";

/** A {@link StreamSink} that also takes response headers. */
export interface ClientSink extends StreamSink {
  /** Response headers; before any `onData`. Not called for a response that is trailers alone: see `onEnd`. */
  onHeaders(headers: HeaderView): void;
  /**
   * The stream died. `REFUSED_STREAM` is said of every stream that the server surely did nothing for: one that
   * it refused, that came after its goodbye, or that was never sent.
   */
  onReset(code: number, cause?: Error): void;
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
  /** Whether the server takes another stream now. False, too, when the connection is not usable. */
  readonly hasRoom: boolean;
  /** Streams that are open, but for those that only watch. */
  readonly openStreams: number;
  /**
   * Opens a stream; `undefined` when the connection has just become unusable: nothing was sent. Throws for
   * fields that HTTP/2 cannot carry. A stream that is only `watching` keeps no process alive.
   */
  open(fields: Fields, sink: ClientSink, watching?: boolean): ClientStream | undefined;
  /** Finds out whether the server is still there, after a call was not answered in time. */
  probe(): void;
  /** Opens no more streams, and ends once those that are open have ended. */
  retire(): void;
  /** Cuts the connection; its streams get `onReset`. */
  destroy(): void;
}

/** Who is told about a connection. */
export interface ConnectionListener {
  /** A connection that had no room for another stream has some. */
  onRoom(): void;
  /** The connection is no longer usable. Called once. */
  onClose(): void;
}

/** Where a client connects to. */
export type ConnectAddress =
  { readonly host: string; readonly port: number } | { readonly path: string };

/** How a client finds out that a server is gone which says nothing; in milliseconds. */
export interface ClientKeepalive {
  /** A server that says nothing for this time is pinged. 0: never. */
  readonly time: number;
  /** One that does not answer a ping in this time is gone. */
  readonly timeout: number;
  /** Whether servers are also pinged while there is no call. */
  readonly permitWithoutStream: boolean;
}

/** How a client secures a connection. */
export interface ClientSecurity {
  readonly context: SecureContext;
  /** The name that the server's certificate must have; undefined: its host. */
  readonly servername: string | undefined;
}

/** How a connection is opened. */
export interface ConnectOptions {
  readonly address: ConnectAddress;
  /** Undefined: in clear text. */
  readonly security: ClientSecurity | undefined;
  readonly keepalive: ClientKeepalive;
}

/**
 * Opens a connection. Resolves once the server has said how it speaks HTTP/2, so that streams may be opened;
 * rejects with what the system says. An abort of `signal` gives up.
 */
export type ConnectClient = (
  options: ConnectOptions,
  signal: AbortSignal,
  listener: ConnectionListener,
) => Promise<ClientConnection>;
