import { textOf } from "../../../errors/text-of.ts";
import type { HeaderMap } from "../header-map.ts";

/** A request as it goes to one server. */
export interface OutgoingRequest {
  readonly method: string;
  /** `http://host:port`, `https://host:port` or `unix:/path/of/socket`, taken as it is; empty: the page's own. */
  readonly origin: string;
  /** With its query. */
  readonly path: string;
  /** Names in lower case and values in turn, without those of the connection. */
  readonly headers: readonly string[];
  readonly body: string | Uint8Array | undefined;
  /** When the answer is of no use any more, in milliseconds since the epoch. */
  readonly deadline: number | undefined;
  /** Milliseconds that a connection may take to open. Undefined: as long as the call may take. */
  readonly connectTimeout: number | undefined;
  /** Whether it must go over a connection of its own, since the one that was kept had gone. */
  readonly fresh: boolean;
}

/** What may end a request that is on its way. */
export interface AbortSource {
  readonly aborted: boolean;
  readonly signal: AbortSignal;
  /** Calls `stop` when the call is aborted, at once if it is. One at a time: the next takes its place. */
  onAbort(stop: (() => void) | undefined): void;
}

/** A reply whose head is there. Its body must be read or discarded, by one of these three. */
export interface IncomingReply {
  readonly status: number;
  readonly statusText: string;
  readonly header: HeaderMap;
  /**
   * The whole body, unpacked. Rejects with 500 `CODEC` when it is longer than `limit` bytes, with the
   * signal's reason when the call was aborted, and with a {@link SendError} when it ends too early.
   */
  bytes(limit: number): Promise<Uint8Array>;
  /** The body as it comes, unpacked. Leaving the loop ends the request. */
  pieces(): AsyncIterable<Uint8Array>;
  discard(): void;
}

/** What carries requests of a client to servers. */
export interface HttpSender {
  /** Rejects with a {@link SendError} when no reply comes, also when that is because of `call`'s abort. */
  send(request: OutgoingRequest, call: AbortSource): Promise<IncomingReply>;
  /** Closes the connections that nothing uses; those in use, when they become free. */
  close(): void;
}

/**
 * How far a request came that got no whole reply.
 * - `unreachable`: there was no connection.
 * - `unsent`: the connection was lost before anything was sent.
 * - `stale`: the server was closing the kept connection that it went over, and probably saw nothing.
 * - `unknown`: the server may have done what was asked.
 */
export type SendFate = "unreachable" | "unsent" | "stale" | "unknown";

/** No reply, or half of one. The cause says why. */
export class SendError extends Error {
  override readonly name = "SendError";
  readonly fate: SendFate;

  constructor(fate: SendFate, cause: unknown) {
    super(textOf(cause), { cause });
    this.fate = fate;
  }
}
