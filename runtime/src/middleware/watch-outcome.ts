import type { CallContext } from "../transport/context.ts";
import { isPromise } from "./is-promise.ts";
import type { Awaitable, Handler } from "./middleware.ts";

/** How a call ended. Exactly one of the three is called, once, for unary calls and streams alike. */
export interface CallOutcome {
  /** The reply is there, or the stream has delivered its last message. */
  succeeded?(): void;
  /** Something was thrown. What this returns is thrown in its place. */
  failed(error: unknown): unknown;
  /** The reader of a stream of replies stopped before its end. */
  left?(): void;
}

/**
 * Calls `next` and tells `outcome` how that ended. For middleware that only looks at the end of a call:
 * what is there at once stays so, a promise gets one step more and a stream one generator around it.
 */
export function watchOutcome(
  next: Handler,
  request: unknown,
  context: CallContext,
  outcome: CallOutcome,
): Awaitable<unknown> {
  let reply: Awaitable<unknown>;
  try {
    reply = next(request, context);
  } catch (error) {
    throw outcome.failed(error);
  }
  if (isPromise(reply)) {
    return reply.then(
      (value) => settle(value, outcome),
      (error: unknown) => {
        throw outcome.failed(error);
      },
    );
  }
  return settle(reply, outcome);
}

function settle(reply: unknown, outcome: CallOutcome): unknown {
  if (isAsyncIterable(reply)) return watchStream(reply, outcome);
  outcome.succeeded?.();
  return reply;
}

async function* watchStream(
  replies: AsyncIterable<unknown>,
  outcome: CallOutcome,
): AsyncGenerator<unknown> {
  let ended = false;
  try {
    yield* replies;
    ended = true;
  } catch (error) {
    ended = true;
    throw outcome.failed(error);
  } finally {
    if (!ended) outcome.left?.();
  }
  outcome.succeeded?.();
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
