import { Wire } from "./binary-reader.ts";
import type { BinaryReader } from "./binary-reader.ts";
import type { BinaryWriter } from "./binary-writer.ts";
import {
  plainStructFromJson,
  plainStructToJson,
  structToPlain,
  writePlainStruct,
} from "./struct.ts";
import type { MessageOps, ValueCodec } from "./value-codec.ts";

/** The codec of a message behind its length. `isValue`: it is a `google.protobuf.Value`. */
export function messageValue(ops: MessageOps, isValue: boolean): ValueCodec {
  return {
    ...MESSAGE,
    nullable: isValue,
    shortcut: { kind: "message", ops },
    writeJson: (value, depth) => ops.writeJson(value, depth + 1),
    readJson: (json, depth) => ops.readJson(json, depth + 1),
    writeBinary(writer, value, depth) {
      const fork = writer.fork();
      ops.writeBinary(writer, value, depth + 1);
      writer.join(fork);
    },
    readBinary: (reader, depth, existing) =>
      ops.readBinary(reader, reader.end(), depth + 1, existing as object | undefined),
  };
}

/** As {@link messageValue}, for a message sent as the group of field `number`. */
export function groupValue(ops: MessageOps, number: number): ValueCodec {
  const endTag = ((number << 3) | Wire.endGroup) >>> 0;
  return {
    ...MESSAGE,
    wireType: Wire.startGroup,
    writeJson: (value, depth) => ops.writeJson(value, depth + 1),
    readJson: (json, depth) => ops.readJson(json, depth + 1),
    writeBinary(writer, value, depth) {
      ops.writeBinary(writer, value, depth + 1);
      writer.uint32(endTag);
    },
    readBinary(reader, depth, existing) {
      const start = reader.position;
      const end = reader.skipGroup(number, depth);
      const after = reader.position;
      reader.position = start;
      const message = ops.readBinary(reader, end, depth + 1, existing as object | undefined);
      reader.position = after;
      return message;
    },
  };
}

/** The codec of a wrapper such as `google.protobuf.Int32Value`, which fields hold as its bare value. */
export function wrapperValue(ops: MessageOps, inner: ValueCodec, typeName: string): ValueCodec {
  const tag = 8 | inner.wireType;
  return {
    ...MESSAGE,
    writeJson: inner.writeJson,
    readJson: inner.readJson,
    writeBinary(writer: BinaryWriter, value, depth) {
      const fork = writer.fork();
      if (!inner.isZero(value)) {
        writer.uint32(tag);
        inner.writeBinary(writer, value, depth);
      }
      writer.join(fork);
    },
    readBinary(reader: BinaryReader, depth, existing = inner.zero) {
      const message = { $typeName: typeName, value: existing };
      ops.readBinary(reader, reader.end(), depth + 1, message);
      return message.value;
    },
  };
}

/** The codec of a `google.protobuf.Struct`, which fields hold as a plain JSON object. */
export function structValue(ops: MessageOps): ValueCodec {
  return {
    ...MESSAGE,
    writeJson: (value, depth) => plainStructToJson(value, depth + 1),
    readJson: (json, depth) => plainStructFromJson(json, depth + 1),
    writeBinary(writer, value, depth) {
      const fork = writer.fork();
      writePlainStruct(writer, value, depth + 1);
      writer.join(fork);
    },
    readBinary: (reader, depth, existing) => ({
      ...(existing as object | undefined),
      ...structToPlain(ops.readBinary(reader, reader.end(), depth + 1)),
    }),
  };
}

const MESSAGE = {
  wireType: Wire.delimited,
  packable: false,
  nullable: false,
  zero: undefined,
  isZero: () => false,
} as const;
