import type { BinaryReader } from "./binary-reader.ts";
import type { BinaryWriter } from "./binary-writer.ts";
import { LENGTH_DELIMITED } from "./framing.ts";
import type { Framing } from "./framing.ts";
import { mergeStruct, plainStructFromJson, plainStructToJson, writePlainStruct } from "./struct.ts";
import type { MessageOps, ValueCodec } from "./value-codec.ts";

/** The codec of a message. `isValue`: it is a `google.protobuf.Value`. */
export function messageValue(ops: MessageOps, framing: Framing, isValue: boolean): ValueCodec {
  return {
    ...MESSAGE,
    wireType: framing.wireType,
    nullable: isValue,
    ...(framing === LENGTH_DELIMITED && { shortcut: { kind: "message", ops } }),
    writeJson: (value, depth) => ops.writeJson(value, depth + 1),
    readJson: (json, depth) => ops.readJson(json, depth + 1),
    writeBinary(writer, value, depth) {
      const begun = framing.begin(writer);
      ops.writeBinary(writer, value, depth + 1);
      framing.finish(writer, begun);
    },
    readBinary: (reader, depth, existing) =>
      ops.readBinary(reader, framing.end(reader), depth + 1, existing as object | undefined),
  };
}

/** The codec of a wrapper such as `google.protobuf.Int32Value`, which fields hold as its bare value. */
export function wrapperValue(
  ops: MessageOps,
  framing: Framing,
  inner: ValueCodec,
  typeName: string,
): ValueCodec {
  const tag = 8 | inner.wireType;
  return {
    ...MESSAGE,
    wireType: framing.wireType,
    writeJson: inner.writeJson,
    readJson: inner.readJson,
    writeBinary(writer: BinaryWriter, value, depth) {
      const begun = framing.begin(writer);
      if (!inner.isZero(value)) {
        writer.uint32(tag);
        inner.writeBinary(writer, value, depth);
      }
      framing.finish(writer, begun);
    },
    readBinary(reader: BinaryReader, depth, existing = inner.zero) {
      const message = { $typeName: typeName, value: existing };
      ops.readBinary(reader, framing.end(reader), depth + 1, message);
      return message.value;
    },
  };
}

/** The codec of a `google.protobuf.Struct`, which fields hold as a plain JSON object. */
export function structValue(ops: MessageOps, framing: Framing): ValueCodec {
  return {
    ...MESSAGE,
    wireType: framing.wireType,
    writeJson: (value, depth) => plainStructToJson(value, depth + 1),
    readJson: (json, depth) => plainStructFromJson(json, depth + 1),
    writeBinary(writer, value, depth) {
      const begun = framing.begin(writer);
      writePlainStruct(writer, value, depth + 1);
      framing.finish(writer, begun);
    },
    // into what is there, since a copy for each of many parts would take quadratic time
    readBinary: (reader, depth, existing = {}) =>
      mergeStruct(existing as object, ops.readBinary(reader, framing.end(reader), depth + 1)),
  };
}

const MESSAGE = {
  packable: false,
  nullable: false,
  zero: undefined,
  isZero: () => false,
} as const;
