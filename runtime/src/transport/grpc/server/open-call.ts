import { GrpcCode } from "../../../errors/grpc-code.ts";
import type { Logger } from "../../../log/logger.ts";
import { findTimeout } from "../../deadline.ts";
import type { StreamSink } from "../../http2/engine.ts";
import type { ServerStream } from "../../http2/server-engine.ts";
import type { GrpcBinding } from "../protocol/binding.ts";
import { isKnownEncoding, unknownEncoding } from "../protocol/compression.ts";
import { findFormatName, type MessageFormats } from "../protocol/message-format.ts";
import { GrpcFailure, toTrailers } from "../protocol/status.ts";
import type { CallHost } from "./server-call.ts";
import { GrpcServerContext } from "./server-context.ts";
import { StreamCall } from "./stream-call.ts";
import { UnaryCall } from "./unary-call.ts";

/** What a server knows of a call before it begins. */
export interface CallSetup {
  readonly binding: GrpcBinding;
  readonly format: keyof MessageFormats;
  /** Milliseconds that a unary call may take; 0: no limit. */
  readonly timeout: number;
  readonly endpoint: string;
  readonly logger: Logger;
}

/** Begins a call; returns who is told about its stream. What the caller asks wrongly is answered at once. */
export function openCall(host: CallHost, stream: ServerStream, setup: CallSetup): StreamSink {
  const { headers } = stream;
  const { binding } = setup;
  const encoding = headers.get("grpc-encoding");
  if (encoding !== undefined && !isKnownEncoding(encoding)) {
    return refuseCall(stream, unknownEncoding(encoding));
  }
  const unary = binding.kind === "unary";
  let timeout = unary && setup.timeout > 0 ? setup.timeout : Number.POSITIVE_INFINITY;
  const asked = headers.get("grpc-timeout");
  if (asked !== undefined) {
    const milliseconds = findTimeout(asked);
    if (milliseconds === undefined) {
      const message = `"${asked}" is no grpc-timeout, use digits and a unit such as "100m"`;
      return refuseCall(stream, new GrpcFailure(GrpcCode.INVALID_ARGUMENT, message));
    }
    if (milliseconds < timeout) timeout = milliseconds;
  }
  const limited = timeout !== Number.POSITIVE_INFINITY;
  const now = Date.now();
  const context = new GrpcServerContext(
    binding.operation,
    setup.endpoint,
    setup.logger,
    limited ? now + timeout : undefined,
    host.stop,
    stream,
  );
  const parts = { stream, binding, format: binding.formats[setup.format], context, now };
  if (unary) {
    const call = new UnaryCall(host, parts);
    if (limited) call.startTimer(timeout);
    return call;
  }
  const call = new StreamCall(host, parts);
  if (limited) call.startTimer(timeout);
  call.start();
  return call;
}

/** Answers a call that cannot be served. */
export function refuseCall(stream: ServerStream, failure: GrpcFailure): StreamSink {
  const { fields } = toTrailers(failure);
  // Some clients read no status behind another type than theirs.
  const isJson = findFormatName(stream.headers.get("content-type")) === "json";
  const type = isJson ? "application/grpc+json" : "application/grpc";
  stream.respond([[":status", "200"], ["content-type", type], ...fields], true);
  return deafSink;
}

/** Told about streams that are answered already. */
export const deafSink: StreamSink = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };
