import { KratosError } from "../../../errors/kratos-error.ts";
import { parseStatusJson } from "../../../errors/status-json.ts";
import type { HttpClientContext } from "./client-context.ts";
import { unreachable } from "./client-error.ts";
import type { ClientRoute } from "./client-route.ts";
import { type IncomingReply, SendError } from "./client-sender.ts";
import { bareType } from "../content/media-type.ts";
import { SseParser } from "../stream/sse-parser.ts";

/**
 * The replies in a stream of events; where they are bytes, those that come, as they come. Fails with the error
 * that an `error` event holds, and with 500 `CODEC` for events that cannot be read; one of more than `limit`
 * bytes cannot. Of an event that has no end, nothing is seen: a stream that breaks off fails by its connection.
 */
export async function* readEventStream(
  reply: IncomingReply,
  route: ClientRoute,
  context: HttpClientContext,
  limit: number,
): AsyncIterable<object> {
  const contentType = reply.header.get("content-type") ?? "";
  const events = bareType(contentType) === "text/event-stream";
  const parser = new SseParser(limit, () => tooLarge(limit));
  const dataType = route.rawReply ? "" : "application/json";
  try {
    for await (const piece of reply.pieces()) {
      if (!events && route.rawReply) {
        yield route.decode(piece, contentType);
        continue;
      }
      if (!events) {
        // Kratos sends nothing at all, with no type, for a stream without messages.
        if (piece.length === 0) continue;
        throw new KratosError(500, "CODEC", `the reply is no event stream: "${contentType}"`);
      }
      for (const { name, data } of parser.push(piece)) {
        if (name === "" || name === "message") yield route.decode(data, dataType);
        else if (name === "error") throw toError(new TextDecoder().decode(data));
      }
    }
  } catch (error) {
    throw error instanceof SendError ? unreachable(context.endpoint, error) : error;
  }
}

function toError(text: string): KratosError {
  const error = parseStatusJson(text);
  // What is no error in Kratos's shape is at least a text.
  return error.message === "" && error.reason === ""
    ? new KratosError(error.code, "", text)
    : error;
}

function tooLarge(limit: number): KratosError {
  return new KratosError(500, "CODEC", `an event is larger than the limit of ${limit} bytes`);
}
