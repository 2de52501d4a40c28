import {
  create,
  type DescField,
  type DescMessage,
  isMessage,
  type Message,
} from "@bufbuild/protobuf";
import type { Codecs } from "../../../codec/index.ts";
import type { CallContext } from "../../context.ts";
import type { ContentFormats } from "../content/content-formats.ts";
import { getField, type MessageRecord } from "../binding/field-access.ts";
import { isHttpBody } from "../content/http-body.ts";

/** A reply as it goes out. */
export interface EncodedReply {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** Writes what a handler returned; `accept` is what the client can read. Throws `CodecError`. */
export type ReplyEncoder = (
  reply: unknown,
  accept: string | undefined,
  context: CallContext,
) => EncodedReply;

/**
 * Compiles how replies are written: the whole message, or the one field that the rule names.
 * Throws an `Error` when there is no such field.
 */
export function compileReply(
  output: DescMessage,
  responseBody: string | undefined,
  codecs: Codecs,
  formats: ContentFormats,
): ReplyEncoder {
  const field = responseBody === undefined ? undefined : findReplyField(output, responseBody);
  if (field === undefined) {
    return isHttpBody(output) ? encodeHttpBody : wholeReply(output, codecs, formats);
  }
  return isRawField(field)
    ? (reply) => encodeHttpBody(getField(reply as MessageRecord, field))
    : fieldReply(field, codecs, formats);
}

function findReplyField(output: DescMessage, responseBody: string): DescField {
  const field = output.fields.find(({ name }) => name === responseBody);
  if (field !== undefined) return field;
  const candidates = output.fields.map(({ name }) => name).join('", "');
  throw new Error(
    `response body "${responseBody}" is no field of "${output.typeName}", write one of "${candidates}"`,
  );
}

function isRawField(field: DescField): boolean {
  return field.fieldKind === "message" && isHttpBody(field.message);
}

function wholeReply(output: DescMessage, codecs: Codecs, formats: ContentFormats): ReplyEncoder {
  const codec = codecs.message(output);
  const plain = codecs.with(EXACT).message(output);
  return (reply, accept) => {
    const { format, contentType } = formats.chooseReply(accept);
    if (format === "json") {
      return { contentType, body: codec.toJsonString(reply as MessageRecord) };
    }
    const body =
      format === "binary"
        ? codec.toBinary(reply as MessageRecord)
        : format.over === "json"
          ? format.encode(JSON.parse(plain.toJsonString(reply as MessageRecord)), output)
          : format.encode(toMessage(output, reply), output);
    return { contentType, body };
  };
}

function fieldReply(field: DescField, codecs: Codecs, formats: ContentFormats): ReplyEncoder {
  const codec = codecs.field(field);
  const plain = codecs.with(EXACT).field(field);
  const desc = field.fieldKind === "message" ? field.message : undefined;
  const message = desc && codecs.message(desc);
  return (reply, accept) => {
    const value = getField(reply as MessageRecord, field);
    const { format, contentType } = formats.chooseReply(accept);
    if (format === "json") return { contentType, body: codec.toJsonString(value) };
    if (format === "binary") {
      if (message !== undefined) {
        return { contentType, body: message.toBinary((value ?? {}) as MessageRecord) };
      }
    } else if (format.over === "json") {
      const plainValue: unknown = JSON.parse(plain.toJsonString(value));
      return { contentType, body: format.encode(plainValue, field.message ?? field) };
    } else if (desc !== undefined) {
      return { contentType, body: format.encode(toMessage(desc, value), desc) };
    }
    // A value that is no message has a form of its own only in what knows plain values.
    return { contentType: "application/json", body: codec.toJsonString(value) };
  };
}

/** In plain values 64-bit integers are text, whatever the JSON of clients has. */
const EXACT = { int64AsNumber: false };

function toMessage(desc: DescMessage, value: unknown): Message {
  return isMessage(value, desc) ? value : create(desc, value as MessageRecord);
}

function encodeHttpBody(reply: unknown): EncodedReply {
  const { contentType = "", data = new Uint8Array() } = (reply ?? {}) as MessageRecord;
  // What Node finds wrong with a body it says too late, when the head of the response has gone.
  if (!(data instanceof Uint8Array)) throw new TypeError('"data" must be a Uint8Array');
  if (typeof contentType !== "string") throw new TypeError('"contentType" must be a string');
  return { contentType: contentType || "application/octet-stream", body: data };
}
