import { type DescEnum, type DescField, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { compileFieldCodec, isCodecError } from "../../../codec/index.ts";
import { excerpt } from "../binding-error.ts";
import { parseGoDuration } from "./go-duration.ts";

/** Reads a value from the text of a path segment or a query parameter. Throws {@link TextValueError}. */
export type TextReader = (text: string) => unknown;

/** Which texts are read beyond those of ProtoJSON. */
export interface TextOptions {
  /** Durations as Go writes them, such as `1m30s` and `100ms`, as Kratos reads them. */
  readonly goDurations: boolean;
  /** Names of enum values in any case. */
  readonly enumIgnoreCase: boolean;
}

/** A text that does not fit its field; the message says what would. */
export class TextValueError extends Error {
  override readonly name = "TextValueError";
}

/**
 * Compiles the reader of a field's values; of a repeated field it reads one element, of a map one value.
 * Scalars, enums and the well-known types that ProtoJSON writes as one value have a text; for others
 * (plain messages, `Any`, `Empty`) this returns undefined.
 */
export function compileTextReader(field: DescField, options: TextOptions): TextReader | undefined {
  if (field.enum !== undefined) return enumReader(field.enum, options);
  if (field.message !== undefined) return messageReader(field, field.message.typeName, options);
  return scalarReader(field.scalar!, "longAsString" in field && field.longAsString, field);
}

/** Whether the text of this message type is JSON, rather than a value on its own. */
export function isJsonText(typeName: string): boolean {
  return (
    typeName === "google.protobuf.Struct" ||
    typeName === "google.protobuf.Value" ||
    typeName === "google.protobuf.ListValue"
  );
}

/** The scalar inside a wrapper type such as `google.protobuf.Int32Value`. */
export function findWrappedScalar(typeName: string): ScalarType | undefined {
  switch (typeName) {
    case "google.protobuf.DoubleValue":
      return ScalarType.DOUBLE;
    case "google.protobuf.FloatValue":
      return ScalarType.FLOAT;
    case "google.protobuf.Int64Value":
      return ScalarType.INT64;
    case "google.protobuf.UInt64Value":
      return ScalarType.UINT64;
    case "google.protobuf.Int32Value":
      return ScalarType.INT32;
    case "google.protobuf.UInt32Value":
      return ScalarType.UINT32;
    case "google.protobuf.BoolValue":
      return ScalarType.BOOL;
    case "google.protobuf.StringValue":
      return ScalarType.STRING;
    case "google.protobuf.BytesValue":
      return ScalarType.BYTES;
    default:
      return undefined;
  }
}

function scalarReader(scalar: ScalarType, longAsString: boolean, field: DescField): TextReader {
  switch (scalar) {
    case ScalarType.STRING:
      return (text) => text;
    case ScalarType.BOOL:
      return readBool;
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return integerReader("an int32", -0x8000_0000, 0x7fff_ffff);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return integerReader("a uint32", 0, 0xffff_ffff);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return longReader("an int64", -(2n ** 63n), 2n ** 63n - 1n, longAsString);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return longReader("a uint64", 0n, 2n ** 64n - 1n, longAsString);
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
    case ScalarType.BYTES:
      return jsonReader(field, (text) => text);
  }
}

// What Kratos takes for a bool.
function readBool(text: string): boolean {
  switch (text) {
    case "true":
    case "1":
    case "t":
    case "T":
    case "TRUE":
    case "True":
      return true;
    case "false":
    case "0":
    case "f":
    case "F":
    case "FALSE":
    case "False":
      return false;
    default:
      throw new TextValueError(`expected "true" or "false", got ${excerpt(text)}`);
  }
}

function integerReader(name: string, min: number, max: number): TextReader {
  return (text) => {
    if (!/^-?\d+$/.test(text)) throw new TextValueError(`expected ${name}, got ${excerpt(text)}`);
    const value = Number(text) + 0; // not -0
    if (value < min || value > max) throw outOfRange(name, min, max, text);
    return value;
  };
}

function longReader(name: string, min: bigint, max: bigint, asText: boolean): TextReader {
  return (text) => {
    if (!/^-?\d+$/.test(text)) throw new TextValueError(`expected ${name}, got ${excerpt(text)}`);
    // BigInt takes time that grows faster than its text; no 64-bit integer needs so many digits.
    const value = text.length > 100 ? max + 1n : BigInt(text);
    if (value < min || value > max) throw outOfRange(name, min, max, text);
    return asText ? value.toString() : value;
  };
}

function outOfRange(
  name: string,
  min: number | bigint,
  max: number | bigint,
  text: string,
): TextValueError {
  return new TextValueError(`expected ${name} (${min} to ${max}), got ${excerpt(text)}`);
}

function enumReader(desc: DescEnum, { enumIgnoreCase }: TextOptions): TextReader {
  const byName = new Map(desc.values.map(({ name, number }) => [name, number]));
  const byUpperName = new Map(desc.values.map(({ name, number }) => [name.toUpperCase(), number]));
  const numbers = new Set(desc.values.map(({ number }) => number));
  return (text) => {
    const named =
      byName.get(text) ?? (enumIgnoreCase ? byUpperName.get(text.toUpperCase()) : undefined);
    if (named !== undefined) return named;
    const number = /^-?\d{1,10}$/.test(text) ? Number(text) + 0 : Number.NaN;
    // An open enum keeps numbers that this side does not know yet.
    if (desc.open ? number === (number | 0) : numbers.has(number)) return number;
    const names = [...byName.keys()].slice(0, 8).join('", "');
    throw new TextValueError(`expected one of "${names}", got ${excerpt(text)}`);
  };
}

function messageReader(
  field: DescField,
  typeName: string,
  options: TextOptions,
): TextReader | undefined {
  switch (typeName) {
    case "google.protobuf.Timestamp":
      return timestampReader(jsonReader(field, (text) => text));
    case "google.protobuf.Duration":
      return jsonReader(field, options.goDurations ? fromGoDuration : (text) => text);
    case "google.protobuf.FieldMask":
      return jsonReader(field, maskToJson);
  }
  if (isJsonText(typeName)) return jsonReader(field, parseJson);
  const wrapped = findWrappedScalar(typeName);
  if (wrapped === undefined) return undefined;
  // Checks the text as that of a plain field, then lets the codec find the wrapper's form.
  if (
    wrapped === ScalarType.DOUBLE ||
    wrapped === ScalarType.FLOAT ||
    wrapped === ScalarType.BYTES
  ) {
    return jsonReader(field, (text) => text);
  }
  const read = scalarReader(wrapped, true, field);
  return jsonReader(field, (text) => read(text) as JsonValue);
}

/** Turns the text into JSON and leaves the rest to the field's codec. */
function jsonReader(field: DescField, toJson: (text: string) => JsonValue): TextReader {
  const codec = compileFieldCodec(field);
  const unpack = unpackFor(field);
  const pack = packFor(field);
  return (text) => {
    try {
      return unpack(codec.fromJson(pack(toJson(text))));
    } catch (error) {
      if (isCodecError(error)) throw new TextValueError(error.reason, { cause: error });
      throw error;
    }
  };
}

// A repeated field's codec reads arrays, a map's reads objects, and one value is wanted.
function packFor(field: DescField): (json: JsonValue) => JsonValue {
  if (field.fieldKind === "list") return (json) => [json];
  if (field.fieldKind !== "map") return (json) => json;
  const key = field.mapKey === ScalarType.BOOL ? "true" : "0";
  return (json) => ({ [key]: json });
}

function unpackFor(field: DescField): (value: unknown) => unknown {
  if (field.fieldKind === "list") return (value) => (value as readonly unknown[])[0];
  if (field.fieldKind === "map") return (value) => Object.values(value as object)[0];
  return (value) => value;
}

function timestampReader(read: TextReader): TextReader {
  return (text) => {
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof TextValueError) || !/\d \d\d:?\d\d$/.test(text)) throw error;
      throw new TextValueError(
        `${error.message} (a "+" in a query means a space, write "%2B" for the offset)`,
        { cause: error },
      );
    }
  };
}

function fromGoDuration(text: string): string {
  return parseGoDuration(text) ?? text;
}

// ProtoJSON knows paths in camel case only; snake case is what protos and other tools show.
function maskToJson(text: string): string {
  return text.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new TextValueError(`expected JSON, got ${excerpt(text)}`, { cause });
  }
}
