/** How a body is written. */
export type BodyFormat = "json" | "binary" | "form";

/** What a `Content-Type` says about a request's body; undefined for what cannot be read. */
export function findBodyFormat(contentType: string | undefined): BodyFormat | undefined {
  if (contentType === undefined || contentType === "application/json") return "json";
  const type = bareType(contentType);
  if (type === "") return "json";
  if (type === "application/x-www-form-urlencoded") return "form";
  return findMessageFormat(type);
}

/** What a client can read, as its `Accept` says. */
export interface ReplyFormat {
  readonly format: "json" | "binary";
  readonly contentType: string;
}

const jsonReply: ReplyFormat = { format: "json", contentType: "application/json" };

/**
 * The format of a reply: of those that `Accept` names, the one with the highest quality that can be
 * written, else JSON. `application/protojson` is the same JSON under the name that Kratos's clients know.
 */
export function chooseReplyFormat(accept: string | undefined): ReplyFormat {
  // Only names with "proto" in them lead to anything else.
  if (accept === undefined || !accept.includes("proto")) return jsonReply;
  let best = jsonReply;
  let bestQuality = 0;
  for (const entry of accept.split(",")) {
    const type = bareType(entry);
    const quality = /;\s*q=([\d.]+)/i.exec(entry)?.[1];
    const weight = quality === undefined ? 1 : Number(quality);
    const format = type === "*/*" || type === "application/*" ? "json" : findMessageFormat(type);
    if (format === undefined || !(weight > bestQuality)) continue;
    bestQuality = weight;
    best =
      format === "json" && type !== "application/protojson"
        ? jsonReply
        : { format, contentType: type };
  }
  return best;
}

/** Whether a body of this type holds a message, and how. */
export function findMessageFormat(type: string): "json" | "binary" | undefined {
  switch (type) {
    case "application/json":
    case "application/protojson":
    case "text/json":
      return "json";
    case "application/proto":
    case "application/protobuf":
    case "application/x-protobuf":
      return "binary";
    default:
      return type.endsWith("+json") ? "json" : undefined;
  }
}

/** A media type without its parameters, in lower case. */
export function bareType(contentType: string): string {
  const end = contentType.indexOf(";");
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}
