import { GrpcCode } from "../../errors/grpc-code.ts";
import type { MessageFormats } from "../grpc/protocol/message-format.ts";
import { GrpcFailure } from "../grpc/protocol/status.ts";
import type { Field, StreamSink } from "../http2/engine.ts";
import type { ServerStream } from "../http2/server-engine.ts";
import type { MethodKind } from "../method.ts";
import {
  acceptedTypes,
  findQueryContent,
  findWebContent,
  type WebContent,
} from "./content-type.ts";
import { ConnectEnvelopeStream } from "./connect-envelope-stream.ts";
import { type QueryRequest, readQueryRequest } from "./query-request.ts";
import { findConnectTimeout } from "./renamed-headers.ts";
import type { TranslatedStream } from "./translated-stream.ts";
import { ConnectUnaryStream, type UnpackBody } from "./connect-unary-stream.ts";
import { GrpcWebStream } from "./grpc-web-stream.ts";

/** What has to be known of a method to speak of it in Connect and gRPC-Web. */
export interface WebMethod {
  readonly kind: MethodKind;
  /** Whether it may be called by GET: its proto promises `NO_SIDE_EFFECTS`. */
  readonly safe: boolean;
  /** The largest message that is taken, in bytes. */
  readonly maxReceiveBytes: number;
  /** Whether requests of Connect must name the version of the protocol. */
  readonly requireProtocolHeader: boolean;
  /** Undoes encodings of whole bodies; undefined: the call does so, for those that gRPC knows. */
  readonly unpack: UnpackBody | undefined;
}

/** Begins a call of gRPC on the stream that is translated for it. */
export type OpenTranslated = (stream: ServerStream, format: keyof MessageFormats) => StreamSink;

/**
 * Begins a call over Connect or gRPC-Web; returns who is told about its stream. A content type that the method
 * does not take is answered with 415, a method of HTTP with 405; all other faults as the protocol has it.
 */
export function openWebCall(
  stream: ServerStream,
  method: WebMethod,
  open: OpenTranslated,
): StreamSink {
  const { headers } = stream;
  const httpMethod = headers.get(":method");
  if (httpMethod === "POST") {
    const content = findWebContent(headers.get("content-type"));
    if (content === undefined || !takes(method, content)) return refuseContent(stream, method);
    const translated = translate(stream, method, content);
    const version = headers.get("connect-protocol-version");
    return begin(
      translated,
      isConnect(content) ? checkConnect(stream, method, version, "1") : [],
      () => open(translated, content.format),
    );
  }
  if (!method.safe || (httpMethod !== "GET" && httpMethod !== "HEAD")) {
    const allow = method.safe ? "GET, HEAD, POST" : "POST";
    stream.respond(
      [
        [":status", "405"],
        ["allow", allow],
      ],
      true,
    );
    return deaf;
  }
  const path = headers.get(":path") ?? "";
  const request = readQueryRequest(path.slice(path.indexOf("?") + 1));
  const content = findQueryContent(request.encoding);
  if (content === undefined) return refuseContent(stream, method);
  return openQuery(stream, method, request, content, open);
}

/** Answers a call of a method that is not there; undefined: it is no call over Connect or gRPC-Web. */
export function refuseUnknownWebCall(
  stream: ServerStream,
  operation: string,
): StreamSink | undefined {
  const { headers } = stream;
  if (headers.get(":method") !== "POST") return undefined;
  const content = findWebContent(headers.get("content-type"));
  if (content === undefined) return undefined;
  const message = `the server has no method "${operation}"`;
  if (content.protocol === "connect-unary") return refuseUnknownPath(stream, message);
  const translated = translate(stream, { maxReceiveBytes: 0, unpack: undefined }, content);
  translated.refuse(new GrpcFailure(GrpcCode.UNIMPLEMENTED, message));
  return translated;
}

/** By the status for paths where nothing is: 501, which the code alone has, is for methods that are there. */
function refuseUnknownPath(stream: ServerStream, message: string): StreamSink {
  const body = Buffer.from(JSON.stringify({ code: "unimplemented", message }));
  stream.respond([
    [":status", "404"],
    ["content-type", "application/json"],
    ["content-length", String(body.length)],
  ]);
  stream.end([], body);
  return deaf;
}

function openQuery(
  stream: ServerStream,
  method: WebMethod,
  request: QueryRequest,
  content: WebContent,
  open: OpenTranslated,
): StreamSink {
  const failures = checkConnect(stream, method, request.version, "v1");
  const message = request.message instanceof GrpcFailure ? noMessage : request.message;
  if (request.message instanceof GrpcFailure) failures.push(request.message);
  const translated = new ConnectUnaryStream(stream, {
    content,
    encoding: request.compression === "" ? undefined : request.compression,
    maxReceiveBytes: method.maxReceiveBytes,
    unpack: method.unpack,
    message,
  });
  const sink = begin(translated, failures, () => open(translated, content.format));
  if (failures.length === 0) translated.deliver();
  return sink;
}

/** Begins the call, unless its request is refused for the first of `failures`. */
function begin(
  translated: TranslatedStream,
  [failure]: readonly GrpcFailure[],
  open: () => StreamSink,
): StreamSink {
  if (failure === undefined) translated.attach(open());
  else translated.refuse(failure);
  return translated;
}

function translate(
  stream: ServerStream,
  method: Pick<WebMethod, "maxReceiveBytes" | "unpack">,
  content: WebContent,
): TranslatedStream {
  switch (content.protocol) {
    case "connect-unary": {
      const encoding = stream.headers.get("content-encoding");
      const { maxReceiveBytes, unpack } = method;
      const request = { content, encoding, maxReceiveBytes, unpack, message: undefined };
      return new ConnectUnaryStream(stream, request);
    }
    case "connect-stream":
      return new ConnectEnvelopeStream(stream, content);
    default:
      return new GrpcWebStream(stream, content);
  }
}

/** What is wrong with the part of a request that only Connect has. */
function checkConnect(
  { headers }: ServerStream,
  { requireProtocolHeader }: WebMethod,
  version: string | undefined,
  expected: string,
): GrpcFailure[] {
  const failures: GrpcFailure[] = [];
  const name = expected === "1" ? 'header "Connect-Protocol-Version"' : 'parameter "connect"';
  if (version === undefined ? requireProtocolHeader : version !== expected) {
    const got = version === undefined ? "is missing" : `is "${version}"`;
    failures.push(invalid(`the ${name} ${got}, it must be "${expected}"`));
  }
  if (Number.isNaN(findConnectTimeout(headers))) {
    const text = headers.get("connect-timeout-ms") ?? "";
    failures.push(invalid(`"${text}" is no Connect-Timeout-Ms, use up to ten digits`));
  }
  return failures;
}

function takes({ kind }: WebMethod, { protocol }: WebContent): boolean {
  if (protocol === "connect-unary") return kind === "unary";
  return protocol !== "connect-stream" || kind !== "unary";
}

function isConnect({ protocol }: WebContent): boolean {
  return protocol === "connect-unary" || protocol === "connect-stream";
}

function refuseContent(stream: ServerStream, { kind }: WebMethod): StreamSink {
  const fields: Field[] = [
    [":status", "415"],
    ["accept-post", acceptedTypes(kind === "unary")],
  ];
  stream.respond(fields, true);
  return deaf;
}

function invalid(message: string): GrpcFailure {
  return new GrpcFailure(GrpcCode.INVALID_ARGUMENT, message);
}

const noMessage = new Uint8Array(0);

const deaf: StreamSink = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };
