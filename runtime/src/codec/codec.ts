import type {
  DescField,
  DescMessage,
  JsonValue,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { create, fromBinary, fromJson, toBinary, toJsonString } from "@bufbuild/protobuf";
import { CodecError } from "./codec-error.ts";
import { completeJsonOptions } from "./json-options.ts";
import type { JsonOptions } from "./json-options.ts";

/** Reads and writes one message type. */
export interface MessageCodec<D extends DescMessage = DescMessage> {
  readonly desc: D;
  /** ProtoJSON text. Throws {@link CodecError} for values that do not fit their field. */
  toJsonString(message: MessageInitShape<D>): string;
  /** Reads what `JSON.parse` returned. Throws {@link CodecError}. */
  fromJson(value: JsonValue): MessageShape<D>;
  /** Parses and reads; malformed JSON is a {@link CodecError} with line and column. */
  fromJsonString(text: string): MessageShape<D>;
  /**
   * Protobuf binary, behind `headroom` free bytes (for a frame's header; default 0).
   * The result may be a view of a larger buffer, as Node's small buffers are.
   */
  toBinary(message: MessageInitShape<D>, headroom?: number): Uint8Array;
  /** Reads `bytes` from `start` to `end`. Fields of type bytes are views of the input. */
  fromBinary(bytes: Uint8Array, start?: number, end?: number): MessageShape<D>;
}

/** Reads and writes the value of one field alone: `body: "field"` and `response_body` of an HTTP rule. */
export interface FieldCodec {
  readonly field: DescField;
  /** The field's value as a message holds it; undefined writes the default (`{}` for a message). */
  toJsonString(value: unknown): string;
  /** The value to put in the message; undefined for a `null` that unsets a message. */
  fromJson(value: JsonValue): unknown;
}

/** Compiles one message type. Each call compiles anew: call it once per type, at set-up. */
export function compileCodec<D extends DescMessage>(
  desc: D,
  options: Partial<JsonOptions> = {},
): MessageCodec<D> {
  const complete = completeJsonOptions(options);
  const write = {
    alwaysEmitImplicit: complete.emitDefaults,
    enumAsInteger: complete.enumAsNumber,
    useProtoFieldName: complete.protoNames,
    ...(complete.registry && { registry: complete.registry }),
  };
  const read = {
    ignoreUnknownFields: complete.ignoreUnknown,
    ...(complete.registry && { registry: complete.registry }),
  };
  return {
    desc,
    toJsonString: (message) => guard(() => toJsonString(desc, create(desc, message), write)),
    fromJson: (value) => guard(() => fromJson(desc, value, read)),
    fromJsonString: (text) => guard(() => fromJson(desc, JSON.parse(text), read)),
    toBinary(message, headroom = 0) {
      const body = guard(() => toBinary(desc, create(desc, message)));
      const bytes = new Uint8Array(body.length + headroom);
      bytes.set(body, headroom);
      return bytes;
    },
    fromBinary: (bytes, start = 0, end = bytes.length) =>
      guard(() => fromBinary(desc, bytes.subarray(start, end))),
  };
}

/** Compiles the codec of one field. */
export function compileFieldCodec(
  field: DescField,
  options: Partial<JsonOptions> = {},
): FieldCodec {
  const codec = compileCodec(field.parent, options);
  return {
    field,
    toJsonString(value) {
      const target = {
        [field.oneof ? field.oneof.localName : field.localName]: field.oneof
          ? { case: field.localName, value }
          : value,
      };
      const json = JSON.parse(codec.toJsonString(target as never)) as Record<string, unknown>;
      return JSON.stringify(json[field.jsonName] ?? json[field.name] ?? {});
    },
    fromJson(value) {
      const message = codec.fromJson({ [field.jsonName]: value }) as unknown as Record<
        string,
        unknown
      >;
      if (field.oneof) return (message[field.oneof.localName] as { value?: unknown }).value;
      return message[field.localName];
    },
  };
}

function guard<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new CodecError(error instanceof Error ? error.message : String(error), "", {
      cause: error,
    });
  }
}
