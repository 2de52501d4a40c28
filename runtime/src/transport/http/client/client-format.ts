import type { ContentCodec } from "../content/content-codec.ts";

/** How a client writes messages, and asks for them. */
export interface ClientFormat {
  readonly format: "json" | "binary" | ContentCodec;
  /** What bodies are called, and what is asked for. */
  readonly mediaType: string;
  /** The same for messages of streams, which are always JSON. */
  readonly streamMediaType: string;
}

/** Completes the option `format` of a client. */
export function completeClientFormat(
  format: "protojson" | "json" | "proto" | ContentCodec = "protojson",
): ClientFormat {
  if (format === "json" || format === "protojson") {
    const mediaType = `application/${format}`;
    return { format: "json", mediaType, streamMediaType: mediaType };
  }
  const streamMediaType = "application/protojson";
  return format === "proto"
    ? { format: "binary", mediaType: "application/proto", streamMediaType }
    : { format, mediaType: format.contentTypes[0], streamMediaType };
}
