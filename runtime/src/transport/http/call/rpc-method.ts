import type { DescMessage } from "@bufbuild/protobuf";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Codecs } from "../../../codec/index.ts";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import type { Handler } from "../../../middleware/middleware.ts";
import type { KratosError } from "../../../errors/kratos-error.ts";
import { findWebContent } from "../../connect/content-type.ts";
import { openWebCall, refuseUnknownWebCall, type WebMethod } from "../../connect/open-web-call.ts";
import type { UnpackBody } from "../../connect/connect-unary-stream.ts";
import type { GrpcBinding } from "../../grpc/protocol/binding.ts";
import { compileBinding } from "../../grpc/protocol/binding.ts";
import type { GzipPacker } from "../../grpc/protocol/gzip.ts";
import { findFormatName, type MessageFormats } from "../../grpc/protocol/message-format.ts";
import { GrpcFailure } from "../../grpc/protocol/status.ts";
import { openCall, refuseCall } from "../../grpc/server/open-call.ts";
import type { Field, StreamSink } from "../../http2/engine.ts";
import type { ServerStream } from "../../http2/server-engine.ts";
import type { GrpcMethod } from "../../method.ts";
import { findUnpacker, type Unpacker } from "../content/decompression.ts";
import { callLogger } from "../filter/request-id.ts";
import { HttpRpcStream } from "./rpc-stream.ts";
import type { CallHost, RpcRunner } from "./server-call.ts";

/** What a server has settled for one method, once it starts. */
export interface RpcSettings {
  /** The handler inside its middleware. */
  readonly handler: Handler;
  /** Milliseconds that a unary call may take; 0: no limit. */
  readonly timeout: number;
  /** The largest message that is taken, in bytes. */
  readonly maxBodyBytes: number;
}

/** A method that is served by its name over Connect, gRPC-Web and gRPC. */
export class RpcMethod implements RpcRunner {
  readonly #timeout: number;
  readonly #packer: GzipPacker | undefined;
  readonly #binding: GrpcBinding;
  readonly #method: WebMethod;

  constructor(
    { method, codecs, requireProtocolHeader, packer }: RpcDescription,
    { handler, timeout, maxBodyBytes }: RpcSettings,
  ) {
    this.#timeout = timeout;
    this.#packer = packer;
    this.#binding = compileBinding(method, handler, codecs);
    this.#method = {
      kind: method.kind,
      safe: this.#binding.safe === true,
      maxReceiveBytes: maxBodyBytes,
      requireProtocolHeader,
      unpack: createUnpack(maxBodyBytes),
    };
  }

  /** Answers a request. */
  run(host: CallHost, request: IncomingMessage, response: ServerResponse): void {
    const stream = new HttpRpcStream(host, request, response);
    const logger = callLogger(host.logger, host.requestIdHeader, request);
    const { maxReceiveBytes } = this.#method;
    const maxSendBytes = Number.POSITIVE_INFINITY;
    const grpcHost = {
      timers: host.timers,
      logger,
      maxReceiveBytes,
      maxSendBytes,
      packer: this.#packer,
      counts: undefined,
      stop: host.stop,
    };
    const open = (translated: ServerStream, format: keyof MessageFormats): StreamSink =>
      openCall(grpcHost, translated, {
        binding: this.#binding,
        format,
        timeout: this.#timeout,
        endpoint: host.endpoint,
        logger,
      });
    const format = findGrpcFormat(request);
    const sink =
      format === undefined ? openWebCall(stream, this.#method, open) : open(stream, format);
    const { kind } = this.#method;
    stream.open(sink, kind === "clientStreaming" || kind === "bidiStreaming");
  }
}

/** What is known of a method before its server starts. */
export interface RpcDescription {
  readonly method: GrpcMethod<DescMessage, DescMessage>;
  readonly codecs: Codecs;
  /** Whether requests of Connect must name the version of the protocol. */
  readonly requireProtocolHeader: boolean;
  /** Packs messages of replies; undefined: they go out as they are. */
  readonly packer: GzipPacker | undefined;
}

/** Whether a method may be called by GET: its proto promises that it changes nothing. */
export function isSafe({ kind, idempotency }: GrpcMethod<DescMessage, DescMessage>): boolean {
  return kind === "unary" && idempotency === "noSideEffects";
}

/** Undoes what `Content-Encoding` may say of bodies on all routes. */
function createUnpack(limit: number): UnpackBody {
  return (encoding, bytes, receive) => {
    let unpack: Unpacker | undefined;
    try {
      unpack = findUnpacker(encoding);
    } catch (error) {
      const accepted: Field = ["grpc-accept-encoding", "gzip, deflate, br"];
      receive(new GrpcFailure(GrpcCode.UNIMPLEMENTED, (error as Error).message, [accepted]));
      return;
    }
    const { buffer, byteOffset, length } = bytes;
    const body = Buffer.from(buffer, byteOffset, length);
    if (unpack === undefined) receive(body);
    else {
      unpack(body, limit, (error, plain) => {
        receive(error === undefined ? plain : new GrpcFailure(toGrpcStatus(error), error.message));
      });
    }
  };
}

function toGrpcStatus({ code }: KratosError): GrpcCode {
  return code === 413 ? GrpcCode.RESOURCE_EXHAUSTED : GrpcCode.INVALID_ARGUMENT;
}

/** The format of a request that is plain gRPC. */
function findGrpcFormat({ method, headers }: IncomingMessage): keyof MessageFormats | undefined {
  return method === "POST" ? findFormatName(headers["content-type"]) : undefined;
}

/** Whether a request that no route serves is a call all the same, and is to be answered as one. */
export function isUnknownRpc(request: IncomingMessage): boolean {
  if (findGrpcFormat(request) !== undefined) return true;
  const { method, headers } = request;
  const content = method === "POST" ? findWebContent(headers["content-type"]) : undefined;
  if (content === undefined) return false;
  // Plain JSON may be meant for a route by any other client than one of Connect.
  return content.protocol !== "connect-unary" || headers["connect-protocol-version"] !== undefined;
}

/** Answers a call of a method that is not there. */
export function refuseUnknownRpc(
  host: CallHost,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const stream = new HttpRpcStream(host, request, response);
  const message = `the server has no method "${path}"`;
  const sink =
    refuseUnknownWebCall(stream, path) ??
    refuseCall(stream, new GrpcFailure(GrpcCode.UNIMPLEMENTED, message));
  stream.open(sink, false);
}
