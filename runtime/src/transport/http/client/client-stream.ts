import { fromError } from "../../../errors/from-error.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import type { Handler, Middleware } from "../../../middleware/middleware.ts";
import type { CallOptions, MethodKind } from "../../method.ts";
import { ReplyIterable } from "../../reply-iterable.ts";
import type { HttpClientContext } from "./client-context.ts";
import type { ClientTlsOptions } from "./client-options.ts";
import type { ClientRoute } from "./client-route.ts";
import { readEventStream } from "./client-event-stream.ts";
import type { StreamServer } from "./client-target.ts";
import { exchangeMessages } from "./client-web-socket.ts";
import type { MessageRecord } from "../binding/field-access.ts";

/** A reply of 2xx whose body is to be read as it comes. */
export interface StreamReply {
  readonly contentType: string;
  /** Leaving the loop ends the request. */
  pieces(): AsyncIterable<Uint8Array>;
}

/** A context and what ends with its call. */
export interface ClientCallScope {
  readonly context: HttpClientContext;
  /** The call is over: lets go of its timer and its caller's signal. */
  release(): void;
}

/** What streaming calls need of their client. */
export interface ClientStreamHost {
  readonly middleware: Middleware;
  readonly mediaType: string;
  readonly maxReceiveBytes: number;
  /** Milliseconds after which a server that says nothing over a WebSocket is asked for a sign of life; 0: never. */
  readonly heartbeat: number;
  /** Milliseconds until a WebSocket must be open; 0: no limit. */
  readonly openTimeout: number;
  begin(route: ClientRoute, options: CallOptions): ClientCallScope;
  /** Sends a request that asks for `accept`; throws what a reply outside of 2xx says. */
  request(
    route: ClientRoute,
    request: MessageRecord,
    context: HttpClientContext,
    accept: string,
  ): Promise<StreamReply>;
  /** In front of every path. */
  readonly base: string;
  readonly tls: ClientTlsOptions | undefined;
  /** The server for a WebSocket. */
  locate(context: HttpClientContext): Promise<StreamServer>;
  /** Whether a connection to a server of {@link locate} could be had. */
  tell(server: StreamServer, reached: boolean): void;
}

/**
 * Makes the function that calls an operation which streams. Middleware runs once per stream, when it opens,
 * and sees iterables.
 */
export function createStreamCall(
  host: ClientStreamHost,
  route: ClientRoute,
  kind: Exclude<MethodKind, "unary">,
): (request: unknown, options?: CallOptions) => unknown {
  const handler = host.middleware(innermost(host, route, kind));
  if (kind === "clientStreaming") {
    return (request, options = {}) => callForOne(host, route, handler, request, options);
  }
  return (request, options = {}) => {
    let scope: ClientCallScope | undefined;
    const open = async (): Promise<AsyncIterable<unknown>> => {
      scope = host.begin(route, options);
      return (await handler(request, scope.context)) as AsyncIterable<unknown>;
    };
    return new ReplyIterable(open, (early) => {
      if (early) scope?.context.abort(unread());
      scope?.release();
    });
  };
}

async function callForOne(
  host: ClientStreamHost,
  route: ClientRoute,
  handler: Handler,
  request: unknown,
  options: CallOptions,
): Promise<unknown> {
  const scope = host.begin(route, options);
  try {
    return await handler(request, scope.context);
  } catch (error) {
    throw fromError(error);
  } finally {
    scope.release();
  }
}

function innermost(
  host: ClientStreamHost,
  route: ClientRoute,
  kind: Exclude<MethodKind, "unary">,
): Handler {
  switch (kind) {
    case "serverStreaming":
      return async (request, context) => {
        const clientContext = context as HttpClientContext;
        // Events would change bytes that are no text.
        const accept = route.rawReply ? "*/*" : "text/event-stream";
        const reply = await host.request(route, request as MessageRecord, clientContext, accept);
        return readEventStream(reply, route, clientContext, host.maxReceiveBytes);
      };
    case "clientStreaming":
      return (requests, context) => {
        const messages = requests as AsyncIterable<MessageRecord>;
        const replies = exchangeMessages(host, route, context as HttpClientContext, messages, true);
        return readOne(route.operation, replies);
      };
    case "bidiStreaming":
      return (requests, context) => {
        const messages = requests as AsyncIterable<MessageRecord>;
        return exchangeMessages(host, route, context as HttpClientContext, messages, false);
      };
  }
}

/** The one reply that a stream of requests gets. */
async function readOne(operation: string, replies: AsyncIterable<object>): Promise<object> {
  for await (const reply of replies) return reply;
  throw new KratosError(500, "CODEC", `"${operation}" ended without a reply`);
}

function unread(): KratosError {
  return new KratosError(499, "CLIENT_CLOSED", "the replies were read no further");
}
