import type { KratosError } from "../../../errors/kratos-error.ts";
import { bareType } from "../content/media-type.ts";
import { writeErrorLine, writeMessageLine } from "../stream/ndjson.ts";
import type { EncodedReply } from "./reply.ts";
import { writeEvent, writeErrorEvent } from "../stream/sse.ts";

/** How the replies of a stream follow one another in one response. */
export interface StreamFormat {
  /** Undefined: that of the first reply. */
  readonly contentType: string | undefined;
  /** Sent when there is nothing else to send, so that proxies keep the connection; undefined: nothing. */
  readonly heartbeat: string | undefined;
  message(reply: EncodedReply): string | Uint8Array;
  /** The last words of a stream that fails; undefined when there is no way to say it. */
  failure(error: KratosError): string | undefined;
}

/** Server-sent events, as Kratos's clients and browsers read them. */
const events: StreamFormat = {
  contentType: "text/event-stream",
  heartbeat: ":\n\n",
  message: ({ body }) => writeEvent(body),
  failure: writeErrorEvent,
};

/** One JSON text on each line. */
const lines: StreamFormat = {
  contentType: "application/x-ndjson",
  heartbeat: undefined,
  message: ({ body }) => writeMessageLine(body),
  failure: writeErrorLine,
};

/** The bytes of `google.api.HttpBody` messages, one after the other. */
const bytes: StreamFormat = {
  contentType: undefined,
  heartbeat: undefined,
  message: ({ body }) => body,
  failure: () => undefined,
};

/**
 * The format of a stream: of events and lines what `Accept` prefers, events when it likes both as much; what
 * asks for neither gets bytes where the replies are bytes, else lines.
 */
export function chooseStreamFormat(accept: string | undefined, raw: boolean): StreamFormat {
  let eventQuality = 0;
  let lineQuality = 0;
  for (const entry of accept?.split(",") ?? []) {
    const quality = /;\s*q=([\d.]+)/i.exec(entry)?.[1];
    const weight = quality === undefined ? 1 : Number(quality);
    const type = bareType(entry);
    if (type === "text/event-stream") eventQuality = weight;
    else if (type === "application/x-ndjson" || type === "application/jsonl") lineQuality = weight;
  }
  if (eventQuality > 0 && eventQuality >= lineQuality) return events;
  return raw && !(lineQuality > 0) ? bytes : lines;
}
