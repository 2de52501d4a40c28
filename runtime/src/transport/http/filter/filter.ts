import type { IncomingMessage, ServerResponse } from "node:http";
import type { Awaitable } from "../../../middleware/middleware.ts";

/** Answers a request, or leaves it to somebody who will. */
export type HttpRequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
) => Awaitable<void>;

/**
 * Wraps the handling of every request of a server, as HTTP: before routing, so that it also sees what no
 * route serves. Composed once, when the server is made.
 * A filter answers by itself, or calls `next`, which returns before the answer is sent; what it throws is
 * answered like an error of a handler. For what concerns calls and messages, use middleware.
 *
 * ```ts
 * const noIndex: HttpFilter = (next) => (request, response) => {
 *   response.setHeader("X-Robots-Tag", "noindex");
 *   return next(request, response);
 * };
 * ```
 */
export type HttpFilter = (next: HttpRequestHandler) => HttpRequestHandler;
