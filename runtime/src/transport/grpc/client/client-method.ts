import type { DescMessage } from "@bufbuild/protobuf";
import type { Codecs } from "../../../codec/index.ts";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import type { Field } from "../../http2/engine.ts";
import type { GrpcMethod, MethodKind } from "../../method.ts";
import { framePrefixBytes } from "../protocol/frame.ts";
import { type GzipPacker, unpack } from "../protocol/gzip.ts";
import { compileFormats, type MessageFormat } from "../protocol/message-format.ts";
import { GrpcFailure } from "../protocol/status.ts";

/** A method that is called, with everything that can be known before a call. */
export interface ClientMethod {
  readonly operation: string;
  readonly pathField: Field;
  readonly typeField: Field;
  readonly kind: MethodKind;
  readonly streamsIn: boolean;
  readonly streamsOut: boolean;
  /** Whether doing a call twice is as good as once, as far as the proto says. */
  readonly repeatable: boolean;
  readonly format: MessageFormat;
  /** Bytes. */
  readonly maxReceiveBytes: number;
  /** Makes the frame of a request. Throws for one that cannot be sent. */
  readonly encode: EncodeRequest;
  /** The same, compressed where that is of use. */
  readonly encodePacked: EncodeRequest;
  /** Reads a reply that came compressed. */
  readonly unpack: (bytes: Uint8Array) => unknown;
}

/** Makes the frame of a request; at once unless it takes long. Throws for a request that cannot be sent. */
export type EncodeRequest = (request: unknown) => Uint8Array | Promise<Uint8Array>;

/** What all methods of a client share; limits in bytes. */
export interface MessageOptions {
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  readonly packer: GzipPacker;
}

/** Compiles a method for calls. */
export function compileClientMethod(
  method: GrpcMethod<DescMessage, DescMessage>,
  codecs: Codecs,
  { maxReceiveBytes, maxSendBytes, packer }: MessageOptions,
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
    pathField: [":path", operation],
    typeField: ["content-type", proto.contentType],
    kind,
    streamsIn: kind === "clientStreaming" || kind === "bidiStreaming",
    streamsOut: kind === "serverStreaming" || kind === "bidiStreaming",
    repeatable: idempotency === "noSideEffects" || idempotency === "idempotent",
    format: proto,
    maxReceiveBytes,
    encode,
    encodePacked: (request) => packer.pack(encode(request)),
    unpack(bytes) {
      const plain = unpack(bytes, maxReceiveBytes);
      const decode = (plain: Uint8Array): unknown => proto.decode(plain, 0, plain.length);
      return plain instanceof Promise ? plain.then(decode) : decode(plain);
    },
  };
}

function tooLarge(size: number, limit: number): GrpcFailure {
  return new GrpcFailure(
    GrpcCode.RESOURCE_EXHAUSTED,
    `a message of ${size} bytes is larger than the limit of ${limit} bytes`,
  );
}
