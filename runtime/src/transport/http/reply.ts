import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { compileCodec, compileFieldCodec, type JsonOptions } from "../../codec/index.ts";
import { isHttpBody } from "./binding.ts";
import { getField, type MessageRecord } from "./field-access.ts";
import { chooseReplyFormat } from "./media-type.ts";

/** A reply as it goes out. */
export interface EncodedReply {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** Writes what a handler returned; `accept` is what the client can read. Throws `CodecError`. */
export type ReplyEncoder = (reply: unknown, accept: string | undefined) => EncodedReply;

/**
 * Compiles how replies are written: the whole message, or the one field that the rule names.
 * Throws an `Error` when there is no such field.
 */
export function compileReply(
  output: DescMessage,
  responseBody: string | undefined,
  json: Partial<JsonOptions>,
): ReplyEncoder {
  if (responseBody === undefined)
    return isHttpBody(output) ? encodeHttpBody : wholeReply(output, json);
  const field = output.fields.find(({ name }) => name === responseBody);
  if (field === undefined) {
    const candidates = output.fields.map(({ name }) => name).join('", "');
    throw new Error(
      `response body "${responseBody}" is no field of "${output.typeName}", write one of "${candidates}"`,
    );
  }
  if (field.fieldKind === "message" && isHttpBody(field.message)) {
    return (reply) => encodeHttpBody(getField(reply as MessageRecord, field));
  }
  return fieldReply(field, json);
}

function wholeReply(output: DescMessage, json: Partial<JsonOptions>): ReplyEncoder {
  const codec = compileCodec(output, json);
  return (reply, accept) => {
    const { format, contentType } = chooseReplyFormat(accept);
    const body =
      format === "json"
        ? codec.toJsonString(reply as MessageRecord)
        : codec.toBinary(reply as MessageRecord);
    return { contentType, body };
  };
}

function fieldReply(field: DescField, json: Partial<JsonOptions>): ReplyEncoder {
  const codec = compileFieldCodec(field, json);
  const message = field.fieldKind === "message" ? compileCodec(field.message, json) : undefined;
  return (reply, accept) => {
    const value = getField(reply as MessageRecord, field);
    const chosen = chooseReplyFormat(accept);
    // A value that is no message has no binary form of its own.
    if (chosen.format === "binary" && message !== undefined) {
      return {
        contentType: chosen.contentType,
        body: message.toBinary((value ?? {}) as MessageRecord),
      };
    }
    const contentType = chosen.format === "json" ? chosen.contentType : "application/json";
    return { contentType, body: codec.toJsonString(value) };
  };
}

function encodeHttpBody(reply: unknown): EncodedReply {
  const { contentType = "", data = new Uint8Array() } = (reply ?? {}) as MessageRecord;
  // What Node finds wrong with a body it says too late, when the head of the response has gone.
  if (!(data instanceof Uint8Array)) throw new TypeError('"data" must be a Uint8Array');
  if (typeof contentType !== "string") throw new TypeError('"contentType" must be a string');
  return { contentType: contentType || "application/octet-stream", body: data };
}
