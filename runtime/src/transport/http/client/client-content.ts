import {
  create,
  type DescField,
  type DescMessage,
  isMessage,
  type JsonValue,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { type Codecs, isCodecError } from "../../../codec/index.ts";
import { isKratosError, KratosError } from "../../../errors/kratos-error.ts";
import { textOf } from "../../../errors/text-of.ts";
import { bindingError, excerpt } from "../binding-error.ts";
import type { ClientFormat } from "./client-format.ts";
import type { ContentCodec } from "../content/content-codec.ts";
import { getField, type MessageRecord, setField } from "../binding/field-access.ts";
import { isHttpBody } from "../content/http-body.ts";
import { bareType, findMessageFormat } from "../content/media-type.ts";

/** A request's body as it goes out. */
export interface EncodedBody {
  readonly body: string | Uint8Array | undefined;
  /** Undefined: that of the client's format. */
  readonly contentType: string | undefined;
}

/** Writes the body of a request. Throws `CodecError`, and 400 `CODEC` for what a format of one's own cannot hold. */
export type BodyEncoder = (request: MessageRecord) => EncodedBody;

/** Reads the body of a reply. Throws 500 `CODEC` for one that is none. */
export type ReplyDecoder = (bytes: Uint8Array, contentType: string) => object;

type Format = ClientFormat["format"];

/** Compiles how a whole message is written as a body. */
export function compileMessageEncoder(
  input: DescMessage,
  format: Format,
  codecs: Codecs,
): BodyEncoder {
  if (isHttpBody(input)) return rawBody;
  const encode = messageEncoder(input, format, codecs);
  return (request) => ({ body: encode(request), contentType: undefined });
}

/** Compiles how one field of a message is written as a body. */
export function compileFieldEncoder(field: DescField, format: Format, codecs: Codecs): BodyEncoder {
  const desc = field.fieldKind === "message" ? field.message : undefined;
  if (isHttpBody(desc)) {
    return (request) => rawBody((getField(request, field) ?? {}) as MessageRecord);
  }
  if (desc !== undefined && format !== "json" && !isOverJson(format)) {
    const encode = messageEncoder(desc, format, codecs);
    return (request) => {
      const value = getField(request, field) as MessageRecord | undefined;
      return { body: value === undefined ? "" : encode(value), contentType: undefined };
    };
  }
  const codec = codecs.field(field);
  return (request) => {
    const value = getField(request, field);
    const unset = value === undefined && field.fieldKind === "message";
    const text = unset ? "null" : codec.toJsonString(value);
    if (format === "json") return { body: text, contentType: undefined };
    if (isOverJson(format)) {
      const body = writeOwn(format, () => format.encode(JSON.parse(text), field.message ?? field));
      return { body, contentType: undefined };
    }
    // A value that is no message has no other form.
    return { body: text, contentType: "application/json" };
  };
}

/** Compiles how replies are read: as their content type says, and not as the client wished. */
export function compileReplyDecoder(
  output: DescMessage,
  field: DescField | undefined,
  format: Format,
  codecs: Codecs,
): ReplyDecoder {
  const own = typeof format === "object" ? format : undefined;
  if (field === undefined) return messageDecoder(output, own, codecs);
  const decodeMessage =
    field.fieldKind === "message" && !field.message.typeName.startsWith("google.protobuf.")
      ? messageDecoder(field.message, own, codecs)
      : undefined;
  const codec = codecs.field(field);
  return (bytes, contentType) => {
    const message = create(output);
    // A success without a body says nothing of the field.
    if (decodeMessage === undefined && bytes.length === 0) return message;
    const value =
      decodeMessage !== undefined
        ? decodeMessage(bytes, contentType)
        : guardReply(() =>
            codec.fromJson(readValue(bytes, contentType, own, field.message ?? field)),
          );
    if (value !== undefined) setField(message as unknown as MessageRecord, field, value);
    return message;
  };
}

function messageEncoder(
  desc: DescMessage,
  format: Format,
  codecs: Codecs,
): (message: MessageRecord) => string | Uint8Array {
  const codec = codecs.message(desc);
  if (format === "json") return (message) => codec.toJsonString(message);
  if (format === "binary") return (message) => codec.toBinary(message);
  return format.over === "json"
    ? (message) => {
        const value: unknown = JSON.parse(codec.toJsonString(message));
        return writeOwn(format, () => format.encode(value, desc));
      }
    : (message) => writeOwn(format, () => format.encode(toMessage(desc, message), desc));
}

function messageDecoder(
  output: DescMessage,
  own: ContentCodec | undefined,
  codecs: Codecs,
): ReplyDecoder {
  if (isHttpBody(output)) {
    return (data, contentType) =>
      create(output, { data, contentType } as MessageInitShape<DescMessage>);
  }
  const codec = codecs.message(output);
  return (bytes, contentType) =>
    guardReply(() => {
      if (bytes.length === 0) return create(output);
      const type = bareType(contentType);
      if (own?.over === "message" && own.contentTypes.includes(type)) {
        return readOwn(type, () => own.decode(bytes, output));
      }
      return findMessageFormat(type) === "binary"
        ? codec.fromBinary(bytes)
        : codec.fromJson(readValue(bytes, contentType, own, output));
    });
}

/** What `JSON.parse` returns, or a format of one's own in its place. */
function readValue(
  bytes: Uint8Array,
  contentType: string,
  own: ContentCodec | undefined,
  desc: DescMessage | DescField,
): JsonValue {
  const type = bareType(contentType);
  if (own?.over === "json" && own.contentTypes.includes(type)) {
    return readOwn(type, () => own.decode(bytes, desc)) as JsonValue;
  }
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw badReply(`it is no JSON but "${contentType}": ${excerpt(text)}`, cause);
  }
}

function writeOwn<T>({ contentTypes }: ContentCodec, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    if (isKratosError(cause)) throw cause;
    const reason = textOf(cause);
    throw bindingError(`the request cannot be written as "${contentTypes[0]}": ${reason}`, cause);
  }
}

function readOwn<T>(type: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (isKratosError(cause)) throw cause;
    const reason = textOf(cause);
    throw badReply(`it is not "${type}": ${reason}`, cause);
  }
}

function rawBody({ contentType, data }: MessageRecord): EncodedBody {
  return {
    body: data instanceof Uint8Array ? data : new Uint8Array(),
    contentType:
      typeof contentType === "string" && contentType !== ""
        ? contentType
        : "application/octet-stream",
  };
}

function isOverJson(format: Format): format is ContentCodec & { over: "json" } {
  return typeof format === "object" && format.over === "json";
}

function toMessage(desc: DescMessage, value: MessageRecord): Message {
  return isMessage(value, desc) ? value : create(desc, value);
}

function guardReply<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (isCodecError(error)) throw badReply(error.message, error);
    throw error;
  }
}

function badReply(reason: string, cause: unknown): KratosError {
  return new KratosError(500, "CODEC", `the reply cannot be read: ${reason}`, { cause });
}
