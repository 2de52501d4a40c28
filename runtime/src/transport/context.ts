import type { Logger } from "../log/logger.ts";
import type { Header } from "./header.ts";

/** The wire that a call came by or goes out on. */
export type TransportKind = "http" | "grpc";

/** A typed slot for a value that travels with a call. Make one per kind of value, at module level. */
export interface ContextKey<T> {
  readonly description: string;
  /** Only carries the type. */
  readonly defaultValue: T | undefined;
}

/** Makes a {@link ContextKey}; `description` appears in diagnostics only. */
export function createContextKey<T>(description: string, defaultValue?: T): ContextKey<T> {
  return { description, defaultValue };
}

/**
 * What a handler or a middleware knows about the call it works on, beside the request.
 * One object per call; the same shape on the server and on the client side.
 */
export interface CallContext {
  /** Where this process stands in the call. */
  readonly side: "server" | "client";
  readonly kind: TransportKind;
  /** Full name of the method, such as `/order.v1.OrderService/GetOrder`. */
  readonly operation: string;
  /** The server's own URL, or the client's target. */
  readonly endpoint: string;
  /** The address of the other side as `host:port`; empty when not known (yet). */
  readonly peer: string;
  /**
   * Aborts when the caller goes away, the deadline passes or the server stops hard.
   * Made on first use: a handler that never asks pays nothing.
   */
  readonly signal: AbortSignal;
  /**
   * Aborts when the server begins to stop, or the client is closed, while the call may go on. One signal for all
   * calls: a stream that lives long ends when it aborts, or it keeps the server up until it is cut off. Its reason
   * is a `KratosError`, 503 `SERVER_STOPPED` on servers.
   */
  readonly stopping: AbortSignal;
  /** When the call must have ended, in milliseconds since the epoch; `undefined`: no limit. */
  readonly deadline: number | undefined;
  /** Headers (gRPC: metadata) of the request. A client's middleware adds to them. */
  readonly requestHeader: Header;
  /** Headers of the reply. A server's handler adds to them before it returns. */
  readonly replyHeader: Header;
  readonly logger: Logger;
  /** The value in `key`'s slot, else the key's default. */
  get<T>(key: ContextKey<T>): T | undefined;
  set<T>(key: ContextKey<T>, value: T): void;
}
