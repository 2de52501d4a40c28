import type { MessageFormats } from "../grpc/protocol/message-format.ts";

/** The protocols that are spoken here beside plain gRPC. `grpc-web-text` is gRPC-Web in base64. */
export type WebProtocol = "connect-unary" | "connect-stream" | "grpc-web" | "grpc-web-text";

/** What the content type of a request says: how it speaks, and how its messages are written. */
export interface WebContent {
  readonly protocol: WebProtocol;
  readonly format: keyof MessageFormats;
  /** The content type of the reply. */
  readonly reply: string;
}

/** The content types of requests; undefined for all that is neither Connect nor gRPC-Web. */
export function findWebContent(contentType: string | undefined): WebContent | undefined {
  if (contentType === undefined) return undefined;
  const known = contents.get(contentType);
  if (known !== undefined) return known;
  const [type = "", ...parameters] = contentType.toLowerCase().split(";");
  const charset = /^\s*charset\s*=\s*"?([^"\s]*)/;
  // All text is UTF-8, and so is JSON whatever stands there.
  const charsets = parameters.map((each) => charset.exec(each)?.[1] ?? "utf-8");
  if (charsets.some((each) => each !== "utf-8" && each !== "utf8")) return undefined;
  return contents.get(type.trim());
}

/** The content of a request without a body, whose query names the format. */
export function findQueryContent(encoding: string | undefined): WebContent | undefined {
  return encoding === "proto" || encoding === "json"
    ? contents.get(`application/${encoding}`)
    : undefined;
}

/** What may be sent to a method in place of a content type that it does not take: `Accept-Post`. */
export function acceptedTypes(unary: boolean): string {
  const connect = unary ? "connect-unary" : "connect-stream";
  const types = [...contents].filter(
    ([, { protocol }]) => protocol === connect || protocol.startsWith("grpc"),
  );
  return [...grpcTypes, ...types.map(([type]) => type)].join(", ");
}

const grpcTypes: readonly string[] = [
  "application/grpc",
  "application/grpc+proto",
  "application/grpc+json",
];

function content(
  type: string,
  protocol: WebProtocol,
  format: keyof MessageFormats,
): [type: string, content: WebContent] {
  return [type, { protocol, format, reply: type }];
}

const contents: ReadonlyMap<string, WebContent> = /* #__PURE__ */ new Map([
  /* #__PURE__ */ content("application/json", "connect-unary", "json"),
  /* #__PURE__ */ content("application/proto", "connect-unary", "proto"),
  /* #__PURE__ */ content("application/connect+json", "connect-stream", "json"),
  /* #__PURE__ */ content("application/connect+proto", "connect-stream", "proto"),
  /* #__PURE__ */ content("application/grpc-web", "grpc-web", "proto"),
  /* #__PURE__ */ content("application/grpc-web+proto", "grpc-web", "proto"),
  /* #__PURE__ */ content("application/grpc-web+json", "grpc-web", "json"),
  /* #__PURE__ */ content("application/grpc-web-text", "grpc-web-text", "proto"),
  /* #__PURE__ */ content("application/grpc-web-text+proto", "grpc-web-text", "proto"),
  /* #__PURE__ */ content("application/grpc-web-text+json", "grpc-web-text", "json"),
]);
