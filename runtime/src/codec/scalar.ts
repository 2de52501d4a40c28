import { ScalarType } from "@bufbuild/protobuf";
import { fromBase64, toBase64 } from "./base64.ts";
import { Wire } from "./wire.ts";
import type { BinaryReader } from "./binary-reader.ts";
import type { BinaryWriter } from "./binary-writer.ts";
import { mismatch } from "./codec-error.ts";
import { checkFloat, floatFromJson, floatToJson } from "./float.ts";
import type { IntegerRange } from "./integer.ts";
import {
  checkInteger,
  checkLong,
  INT32,
  INT64,
  integerFromJson,
  longFromJson,
  longToText,
  UINT32,
  UINT64,
} from "./integer.ts";
import type { JsonOptions } from "./json-options.ts";
import { quote, requireWellFormed } from "./json-text.ts";
import type { ValueCodec } from "./value-codec.ts";

/** What a scalar field's declaration adds to its type. */
export interface ScalarTraits {
  /** `jstype = JS_STRING`: messages hold 64-bit integers as text. */
  readonly longAsString: boolean;
  /** Refuse invalid UTF-8 in binary (proto3 and the editions; proto2 lets it pass). */
  readonly strictUtf8: boolean;
}

const EMPTY = new Uint8Array(0);

/** The codec of one value of a scalar type. */
export function scalarCodec(
  scalar: ScalarType,
  traits: ScalarTraits,
  options: JsonOptions,
): ValueCodec {
  const codec = codecOf(scalar, traits, options);
  return { ...codec, shortcut: { kind: "scalar", scalar, ...traits } };
}

function codecOf(scalar: ScalarType, traits: ScalarTraits, options: JsonOptions): ValueCodec {
  switch (scalar) {
    case ScalarType.INT32:
      return integerCodec(INT32, Wire.varint, "int32", "int32");
    case ScalarType.SINT32:
      return integerCodec(INT32, Wire.varint, "sint32", "sint32");
    case ScalarType.SFIXED32:
      return integerCodec(INT32, Wire.bit32, "fixed32", "sfixed32");
    case ScalarType.UINT32:
      return integerCodec(UINT32, Wire.varint, "uint32", "uint32");
    case ScalarType.FIXED32:
      return integerCodec(UINT32, Wire.bit32, "fixed32", "fixed32");
    case ScalarType.INT64:
      return longCodec(INT64, Wire.varint, "int64", "int64", traits, options);
    case ScalarType.SINT64:
      return longCodec(INT64, Wire.varint, "sint64", "sint64", traits, options);
    case ScalarType.SFIXED64:
      return longCodec(INT64, Wire.bit64, "fixed64", "sfixed64", traits, options);
    case ScalarType.UINT64:
      return longCodec(UINT64, Wire.varint, "int64", "uint64", traits, options);
    case ScalarType.FIXED64:
      return longCodec(UINT64, Wire.bit64, "fixed64", "fixed64", traits, options);
    case ScalarType.FLOAT:
      return floatCodec(true);
    case ScalarType.DOUBLE:
      return floatCodec(false);
    case ScalarType.BOOL:
      return BOOL;
    case ScalarType.STRING:
      return traits.strictUtf8 ? STRICT_STRING : LAX_STRING;
    case ScalarType.BYTES:
      return BYTES;
  }
}

function integerCodec(
  range: IntegerRange<number>,
  wireType: number,
  write: "int32" | "sint32" | "uint32" | "fixed32",
  read: "int32" | "sint32" | "uint32" | "fixed32" | "sfixed32",
): ValueCodec {
  return {
    wireType,
    packable: true,
    nullable: false,
    zero: 0,
    isZero: (value) => value === 0,
    writeJson: (value) => String(checkInteger(value, range)),
    readJson: (json) => integerFromJson(json, range),
    writeBinary: (writer, value) => writer[write](checkInteger(value, range)),
    readBinary: (reader) => reader[read](),
  };
}

function longCodec(
  range: IntegerRange<bigint>,
  wireType: number,
  write: "int64" | "sint64" | "fixed64",
  read: "int64" | "sint64" | "uint64" | "fixed64" | "sfixed64",
  traits: ScalarTraits,
  options: JsonOptions,
): ValueCodec {
  const asText = traits.longAsString;
  const hold = (value: bigint) => (asText ? String(value) : value);
  return {
    wireType,
    packable: true,
    nullable: false,
    zero: asText ? "0" : 0n,
    isZero: (value) => value === 0n || value === "0" || value === 0,
    writeJson: options.int64AsNumber
      ? (value) => longToText(value, range)
      : (value) => `"${longToText(value, range)}"`,
    readJson: (json) => hold(longFromJson(json, range)),
    writeBinary: (writer, value) => writer[write](checkLong(value, range)),
    readBinary: (reader) => hold(reader[read]()),
  };
}

function floatCodec(single: boolean): ValueCodec {
  return {
    wireType: single ? Wire.bit32 : Wire.bit64,
    packable: true,
    nullable: false,
    zero: 0,
    isZero: (value) => Object.is(value, 0), // -0 is sent
    writeJson: (value) => floatToJson(value, single),
    readJson: (json) => floatFromJson(json, single),
    writeBinary: single
      ? (writer, value) => writer.float(checkFloat(value, true))
      : (writer, value) => writer.double(checkFloat(value, false)),
    readBinary: single ? (reader) => reader.float() : (reader) => reader.double(),
  };
}

const BOOL: ValueCodec = {
  wireType: Wire.varint,
  packable: true,
  nullable: false,
  zero: false,
  isZero: (value) => value === false,
  writeJson: (value) => (checkBool(value) ? "true" : "false"),
  readJson: checkBool,
  writeBinary: (writer, value) => writer.bool(checkBool(value)),
  readBinary: (reader) => reader.bool(),
};

const STRICT_STRING: ValueCodec = stringCodec(true);
const LAX_STRING: ValueCodec = stringCodec(false);

function stringCodec(strict: boolean): ValueCodec {
  return {
    wireType: Wire.delimited,
    packable: false,
    nullable: false,
    zero: "",
    isZero: (value) => value === "",
    writeJson: quote,
    readJson: stringFromJson,
    writeBinary: writeString,
    readBinary: (reader: BinaryReader) => reader.string(strict),
  };
}

const BYTES: ValueCodec = {
  wireType: Wire.delimited,
  packable: false,
  nullable: false,
  zero: EMPTY,
  isZero: (value) =>
    Array.isArray(value) || value instanceof Uint8Array ? value.length === 0 : false,
  writeJson: (value) => `"${toBase64(checkBytes(value))}"`,
  readJson(json) {
    if (typeof json !== "string") throw mismatch("bytes as base64", json);
    return json === "" ? EMPTY : fromBase64(json);
  },
  writeBinary: (writer, value) => writer.lengthDelimited(checkBytes(value)),
  readBinary: (reader) => reader.lengthDelimited(),
};

function checkBool(value: unknown): boolean {
  if (typeof value !== "boolean") throw mismatch("a bool", value);
  return value;
}

/** Reads a string from JSON, in which escapes may have hidden a lone surrogate. */
export function stringFromJson(json: unknown): string {
  if (typeof json !== "string") throw mismatch("a string", json);
  requireWellFormed(json);
  return json;
}

function writeString(writer: BinaryWriter, value: unknown): void {
  if (typeof value !== "string") throw mismatch("a string", value);
  writer.string(value);
}

/** Bytes as messages may hold them: also a plain array of numbers, as `create()` takes it. */
function checkBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (
    Array.isArray(value) &&
    value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)
  ) {
    return Uint8Array.from(value as number[]);
  }
  throw mismatch("bytes", value);
}
