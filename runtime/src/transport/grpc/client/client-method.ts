import type { DescMessage } from "@bufbuild/protobuf";
import { gzipSync } from "node:zlib";
import type { Codecs } from "../../../codec/index.ts";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import type { GrpcMethod, MethodKind } from "../../method.ts";
import { fillPrefix, framePrefixBytes } from "../protocol/frame.ts";
import { compileFormats, type MessageFormat } from "../protocol/message-format.ts";
import { GrpcFailure } from "../protocol/status.ts";

/** How requests are packed. */
export type RequestEncoding = "gzip" | "identity";

/** A method that is called, with everything that can be known before a call. */
export interface ClientMethod {
  readonly operation: string;
  readonly kind: MethodKind;
  readonly streamsIn: boolean;
  readonly streamsOut: boolean;
  /** Whether doing a call twice is as good as once, as far as the proto says. */
  readonly repeatable: boolean;
  readonly format: MessageFormat;
  readonly maxReceiveBytes: number;
  /** Makes frames of requests. Throws for a request that cannot be sent. */
  readonly encode: Readonly<Record<RequestEncoding, (request: unknown) => Uint8Array>>;
}

/** What all methods of a client share. */
export interface MessageLimits {
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
}

/** Compiles a method for calls. */
export function compileClientMethod(
  method: GrpcMethod<DescMessage, DescMessage>,
  codecs: Codecs,
  { maxReceiveBytes, maxSendBytes }: MessageLimits,
): ClientMethod {
  const { operation, kind, idempotency } = method;
  const { proto } = compileFormats(codecs, method.output, method.input);
  const encode = (request: unknown): Uint8Array => {
    const frame = proto.encode(request);
    const size = frame.length - framePrefixBytes;
    if (size > maxSendBytes) throw tooLarge(size, maxSendBytes);
    return frame;
  };
  return {
    operation,
    kind,
    streamsIn: kind === "clientStreaming" || kind === "bidiStreaming",
    streamsOut: kind === "serverStreaming" || kind === "bidiStreaming",
    repeatable: idempotency === "noSideEffects" || idempotency === "idempotent",
    format: proto,
    maxReceiveBytes,
    encode: { identity: encode, gzip: (request) => pack(encode(request)) },
  };
}

/** A message below this size is not worth packing, in bytes. */
const minPacked = 256;

function pack(frame: Uint8Array): Uint8Array {
  if (frame.length < minPacked) return frame;
  const packed = gzipSync(frame.subarray(framePrefixBytes));
  if (packed.length >= frame.length - framePrefixBytes) return frame;
  const result = new Uint8Array(framePrefixBytes + packed.length);
  result.set(packed, framePrefixBytes);
  fillPrefix(result)[0] = 1;
  return result;
}

function tooLarge(size: number, limit: number): GrpcFailure {
  return new GrpcFailure(
    GrpcCode.RESOURCE_EXHAUSTED,
    `a message of ${size} bytes is larger than the limit of ${limit} bytes`,
  );
}
