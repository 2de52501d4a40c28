import { isAscii } from "node:buffer";
import { create, type DescField, type DescMessage, type JsonValue } from "@bufbuild/protobuf";
import { type Codecs, isCodecError } from "../../../codec/index.ts";
import { isKratosError, KratosError } from "../../../errors/kratos-error.ts";
import { textOf } from "../../../errors/text-of.ts";
import { bindingError } from "../binding-error.ts";
import type { ContentCodec } from "../content/content-codec.ts";
import type { BodyFormat } from "../content/content-formats.ts";
import { isHttpBody } from "../content/http-body.ts";
import { type MessageRecord, openField, setField } from "./field-access.ts";
import { MultipartBinder } from "./multipart-binding.ts";
import { bareType } from "../content/media-type.ts";
import { QueryBinder, type QueryOptions } from "./query.ts";

/** Everything that decides how bodies become messages. */
export interface BodyOptions extends QueryOptions {
  readonly codecs: Codecs;
}

/** A request's body, read to its end. */
export interface RequestBody {
  readonly bytes: Buffer;
  readonly format: BodyFormat;
  /** As the client named it; empty when it did not. */
  readonly contentType: string;
}

/** Compiles how a body is read into a message of its own; fields in `ignored` are not set by forms. */
export function compileMessageBody(
  desc: DescMessage,
  ignored: Iterable<string>,
  options: BodyOptions,
): (body: RequestBody) => object {
  if (isHttpBody(desc)) {
    return ({ bytes, contentType }) => create(desc, { data: bytes, contentType } as MessageRecord);
  }
  const codec = options.codecs.message(desc);
  const form = new QueryBinder(desc, ignored, options);
  const multipart = new MultipartBinder(desc, ignored, form, options);
  return ({ bytes, format, contentType }) => {
    if (bytes.length === 0) return create(desc);
    switch (format) {
      case "json":
        return guard(() => codec.fromJsonString(decodeUtf8(bytes)));
      case "binary":
        return guard(() => codec.fromBinary(bytes));
      case "form": {
        const message = create(desc);
        if (bytes[0] === openingBrace) throw bindingError(looksLikeJson);
        form.bind(message as unknown as MessageRecord, decodeUtf8(bytes));
        return message;
      }
      case "multipart": {
        const message = create(desc);
        multipart.bind(message as unknown as MessageRecord, bytes, contentType);
        return message;
      }
      default: {
        if (format.over === "message") return decode(format, () => format.decode(bytes, desc));
        const value = decode(format, () => format.decode(bytes, desc));
        return guard(() => codec.fromJson(value as JsonValue));
      }
    }
  };
}

/** Compiles how a body is read into one field of a message. */
export function compileFieldBody(
  field: DescField,
  options: BodyOptions,
): (message: MessageRecord, body: RequestBody) => void {
  if (field.fieldKind === "message" && isHttpBody(field.message)) {
    return (message, { bytes, contentType }) => {
      Object.assign(openField(message, field), { data: bytes, contentType });
    };
  }
  const codec = options.codecs.field(field);
  const whole =
    field.fieldKind === "message" && !field.message.typeName.startsWith("google.protobuf.")
      ? compileMessageBody(field.message, [], options)
      : undefined;
  return (message, body) => {
    const { bytes, format } = body;
    if (bytes.length === 0) return;
    if (format === "json" || (typeof format === "object" && format.over === "json")) {
      const value =
        format === "json"
          ? parseJson(decodeUtf8(bytes))
          : decode(format, () => format.decode(bytes, field.message ?? field));
      const read = guard(() => codec.fromJson(value as JsonValue));
      if (read !== undefined) setField(message, field, read);
    } else if (whole !== undefined) {
      setField(message, field, whole(body));
    } else {
      const type = bareType(body.contentType);
      const reason = `field "${field.name}" cannot be read from "${type}", use "application/json"`;
      throw new KratosError(415, "CODEC", reason);
    }
  };
}

function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw bindingError(`malformed JSON: ${(cause as Error).message}`, cause);
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Buffer): string {
  // A copy of the bytes, where each is a character.
  if (isAscii(bytes)) return bytes.toString("latin1");
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
    throw bindingError("the body is not UTF-8", cause);
  }
}

/** What a format's own code says of a body is the client's to know. */
function decode<T>({ contentTypes }: ContentCodec, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (isKratosError(cause)) throw cause;
    const reason = textOf(cause);
    throw bindingError(`the body is not "${contentTypes[0]}": ${reason}`, cause);
  }
}

function guard<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isCodecError(error)) throw bindingError(error.message, error);
    throw error;
  }
}

const openingBrace = 0x7b;

/** What `curl -d '{…}'` sends says that it is a form, and would be read as one field of a long name. */
const looksLikeJson =
  'the body looks like JSON and came as a form, send the header "Content-Type: application/json"';
