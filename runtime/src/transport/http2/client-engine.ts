import type { Fields, HeaderView, Stream, StreamSink } from "./engine.ts";

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
