import type { CallContext } from "../transport/context.ts";

/** A value, or the promise of one. Code that gets one should not wait for what is already there. */
export type Awaitable<T> = T | Promise<T>;

/**
 * One step of a call. For unary calls `request` and the result are messages; for streams they are
 * async iterables of messages (a client stream in, a server stream out).
 */
export type Handler = (request: unknown, context: CallContext) => Awaitable<unknown>;

/**
 * Wraps a handler, as in Kratos. Composed once per operation at registration, never per call.
 * A middleware that does nothing after the call should return what `next` returns, promise or not.
 */
export type Middleware = (next: Handler) => Handler;

/** Composes from the outside in: `chain(a, b)(h)` calls a, then b, then h. */
export function chain(...middleware: readonly Middleware[]): Middleware {
  return (next) => middleware.reduceRight((handler, wrap) => wrap(handler), next);
}
