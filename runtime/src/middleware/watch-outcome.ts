import type { CallContext } from "../transport/context.ts";
import { isPromise } from "./is-promise.ts";
import type { Handler } from "./middleware.ts";

/**
 * Watches calls. For each of them exactly one of `succeeded`, `failed` and `left` is called, once, for unary
 * calls and streams alike; `state` is what `begins` returned.
 */
export interface CallWatcher<State = undefined> {
  /** The call is about to be made. */
  begins?(request: unknown, context: CallContext): State;
  /** The reply is there, or the stream has delivered its last message. */
  succeeded?(request: unknown, context: CallContext, state: State): void;
  /** Something was thrown. What this returns is thrown in its place. */
  failed(error: unknown, request: unknown, context: CallContext, state: State): unknown;
  /** The reader of a stream of replies stopped before its end. */
  left?(request: unknown, context: CallContext, state: State): void;
}

/**
 * A handler that does what `next` does and tells `watcher` how each call ended. For middleware that only
 * looks at the ends of a call: what is there at once stays so and costs nothing, a promise gets one step
 * more and a stream one generator around it.
 */
export function watchOutcome<State>(next: Handler, watcher: CallWatcher<State>): Handler {
  return (request, context) => {
    const state = watcher.begins?.(request, context) as State;
    let reply: unknown;
    try {
      reply = next(request, context);
      if (isPromise(reply)) return watchPromise(reply, watcher, request, context, state);
    } catch (error) {
      throw watcher.failed(error, request, context, state);
    }
    if (isAsyncIterable(reply)) return watchStream(reply, watcher, request, context, state);
    watcher.succeeded?.(request, context, state);
    return reply;
  };
}

function watchPromise<State>(
  reply: Promise<unknown>,
  watcher: CallWatcher<State>,
  request: unknown,
  context: CallContext,
  state: State,
): Promise<unknown> {
  return reply.then(
    (value) => {
      if (isAsyncIterable(value)) return watchStream(value, watcher, request, context, state);
      watcher.succeeded?.(request, context, state);
      return value;
    },
    (error: unknown) => {
      throw watcher.failed(error, request, context, state);
    },
  );
}

async function* watchStream<State>(
  replies: AsyncIterable<unknown>,
  watcher: CallWatcher<State>,
  request: unknown,
  context: CallContext,
  state: State,
): AsyncGenerator<unknown> {
  let ended = false;
  try {
    yield* replies;
    ended = true;
  } catch (error) {
    ended = true;
    throw watcher.failed(error, request, context, state);
  } finally {
    if (!ended) watcher.left?.(request, context, state);
  }
  watcher.succeeded?.(request, context, state);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
