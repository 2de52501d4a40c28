import type { IncomingMessage, ServerResponse } from "node:http";
import type { Awaitable } from "../../../middleware/middleware.ts";
import type { HttpCallContext } from "./server-context.ts";

/**
 * Answers the requests of a route that no proto describes. What it returns is sent; `undefined` says that it
 * answers by `request.response`, now or later. What it throws is answered like an error of an RPC.
 */
export type HttpHandler = (
  request: HttpHandlerRequest,
  context: HttpCallContext,
) => Awaitable<HttpHandlerReply | undefined>;

/** A request of a hand-written route. */
export interface HttpHandlerRequest {
  /** The variables of the path template, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** What follows the question mark; made when it is asked for. */
  readonly query: URLSearchParams;
  readonly message: IncomingMessage;
  /** For answers that come bit by bit. Headers that the handler set on its context are not in it. */
  readonly response: ServerResponse;
  /**
   * Reads the body to its end, unpacked; the same one each time. Rejects with 413 for one that is too large, and
   * with what ends the call before the body is there: 408 at its deadline, 499 when the client leaves.
   */
  readBody(): Promise<Buffer>;
  /** The body as JSON; undefined for an empty one. Rejects with 400 `CODEC` for what is none. */
  readJson(): Promise<unknown>;
}

/** An answer of a hand-written route; further headers go into the context's `replyHeader`. */
export interface HttpHandlerReply {
  /** Default: the context's `replyStatus`, which is 200. */
  readonly status?: number | undefined;
  /** Default: by what is sent, JSON, plain text in UTF-8, or `application/octet-stream`. */
  readonly contentType?: string | undefined;
  /** Default: empty. */
  readonly body?: string | Uint8Array | undefined;
  /** A value to be sent as JSON in place of `body`. */
  readonly json?: unknown;
}

/** Options of a hand-written route; where there is none, what is configured for its operation holds, or the server's. */
export interface HandWrittenOptions {
  /** The name under which middleware and selectors know it. Default: `GET /the/{template}`. */
  readonly operation?: string | undefined;
  /** Milliseconds that a call may take until its answer has been sent. 0: no limit. */
  readonly timeout?: number | undefined;
  /** The largest body that is read, in bytes, before and after decompression. */
  readonly maxBodyBytes?: number | undefined;
}

/** A route as values, for packages that bring some along; see `HttpServer.mount`. */
export interface HandWrittenRoute {
  /** In upper case, or `*` for any. */
  readonly method: string;
  /** A path template, such as `/files/{path=**}`. */
  readonly path: string;
  readonly handler: HttpHandler;
  readonly options?: HandWrittenOptions | undefined;
}
