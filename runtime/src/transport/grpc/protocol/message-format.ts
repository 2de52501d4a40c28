import type { DescMessage } from "@bufbuild/protobuf";
import type { Codecs, MessageCodec } from "../../../codec/index.ts";
import { fillPrefix, framePrefixBytes } from "./frame.ts";

/** How the messages of one method travel: the subtype of `application/grpc`. */
export interface MessageFormat {
  readonly contentType: string;
  /** Reads a message that this side receives. Throws a `CodecError`. */
  decode(bytes: Uint8Array, start: number, end: number): unknown;
  /** A whole frame with a message that this side sends. Throws a `CodecError`. */
  encode(message: unknown): Uint8Array;
  /** Nobody needs the frame any more that {@link encode} has returned. Absent: it does not matter. */
  reuse?(frame: Uint8Array): void;
}

/** The formats of one method. */
export interface MessageFormats {
  readonly proto: MessageFormat;
  /** `application/grpc+json`: ProtoJSON, as Kratos's codec named `json`. */
  readonly json: MessageFormat;
}

/** Compiles the formats of a method whose received and sent messages are these. */
export function compileFormats(
  codecs: Codecs,
  received: DescMessage,
  sent: DescMessage,
): MessageFormats {
  const reader = codecs.message(received);
  const writer = codecs.message(sent) as LooseCodec;
  return {
    proto: {
      contentType: "application/grpc",
      decode: (bytes, start, end) => reader.fromBinary(bytes, start, end),
      encode: (message) => fillPrefix(writer.toBinary(message, framePrefixBytes)),
      reuse: (frame) => codecs.reuse(frame),
    },
    json: {
      contentType: "application/grpc+json",
      decode(bytes, start, end) {
        const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
        return reader.fromJsonString(text);
      },
      encode(message) {
        const text = writer.toJsonString(message);
        const frame = Buffer.allocUnsafe(framePrefixBytes + Buffer.byteLength(text));
        frame.write(text, framePrefixBytes);
        return fillPrefix(frame);
      },
    },
  };
}

/** A codec whose messages were made to fit by the types of the method that it belongs to. */
interface LooseCodec extends Omit<MessageCodec, "toBinary" | "toJsonString"> {
  toBinary(message: unknown, headroom: number): Uint8Array;
  toJsonString(message: unknown): string;
}

/** Which of a method's formats a content type asks for; undefined when it is none that is spoken here. */
export function findFormatName(contentType: string | undefined): keyof MessageFormats | undefined {
  if (contentType === "application/grpc") return "proto";
  const match = /^application\/grpc(?:\+(\w+))?(?:\s*;.*)?$/i.exec(contentType ?? "");
  if (match === null) return undefined;
  const subtype = match[1]?.toLowerCase() ?? "proto";
  return subtype === "proto" || subtype === "json" ? subtype : undefined;
}
