import { KratosError } from "../../../errors/kratos-error.ts";
import type { Handler } from "../../../middleware/middleware.ts";
import type { MethodKind } from "../../method.ts";
import type { ReplyReader } from "./client-call.ts";
import type { HttpClientContext } from "./client-context.ts";
import type { ClientRoute, EncodedRequest } from "./client-route.ts";
import { readEventStream } from "./client-event-stream.ts";
import type { HttpSender, IncomingReply } from "./client-sender.ts";
import { exchangeMessages } from "./client-web-socket.ts";
import type { WebSocketOptions } from "./client-web-socket-sender.ts";
import type { MessageRecord } from "../binding/field-access.ts";

/** What streaming calls need of their client. */
export interface ClientStreamHost extends WebSocketOptions {
  /** Of messages in JSON. */
  readonly mediaType: string;
  /** When a stream that is opened now must be open, in milliseconds since the epoch; undefined: no limit. */
  openUntil(): number | undefined;
  /**
   * Sends a request that asks for `accept`, and repeats that until `until` where that is right; throws what a
   * reply says that is an error. `sender` stands in for the client's own.
   */
  send<T>(
    route: ClientRoute,
    request: EncodedRequest,
    context: HttpClientContext,
    accept: string,
    until: number | undefined,
    read: ReplyReader<T>,
    sender?: HttpSender,
  ): Promise<T>;
}

/**
 * Makes what calls an operation that streams, inside the client's middleware, which runs once per stream, when
 * it opens, and sees iterables.
 */
export function createStreamHandler(
  host: ClientStreamHost,
  route: ClientRoute,
  kind: Exclude<MethodKind, "unary">,
): Handler {
  switch (kind) {
    case "serverStreaming":
      return (request, context) =>
        openEventStream(host, route, request as MessageRecord, context as HttpClientContext);
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

async function openEventStream(
  host: ClientStreamHost,
  route: ClientRoute,
  request: MessageRecord,
  context: HttpClientContext,
): Promise<AsyncIterable<object>> {
  // Events would change bytes that are no text.
  const accept = route.rawReply ? "*/*" : "text/event-stream";
  const until = host.openUntil();
  const encoded = route.encode(request);
  const reply = await host.send(route, encoded, context, accept, until, keep);
  // Also while nobody reads.
  context.onAbort(() => reply.discard());
  return readEventStream(reply, route, context, host.maxReceiveBytes);
}

/** Its body is read as it comes. */
async function keep(reply: IncomingReply): Promise<IncomingReply> {
  return reply;
}

/** The one reply that a stream of requests gets. */
async function readOne(operation: string, replies: AsyncIterable<object>): Promise<object> {
  for await (const reply of replies) return reply;
  throw new KratosError(500, "CODEC", `"${operation}" ended without a reply`);
}
