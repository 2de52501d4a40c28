import { type DescField, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { compileFieldCodec } from "../../../codec/index.ts";
import { findWrappedScalar, isJsonText } from "./text-value.ts";

/**
 * Writes a field's value as the texts of a query or path: one, or one per element of a repeated field.
 * The reverse of `compileTextReader`. Throws `CodecError` for a value that does not fit.
 */
export type TextWriter = (value: unknown) => readonly string[];

/**
 * Compiles the writer of a field: 64-bit integers in decimal, enums by name, bytes as URL-safe base64,
 * well-known types as ProtoJSON has them, JSON for `Struct` and `Value`. Undefined for messages that have
 * no text, and for maps.
 */
export function compileTextWriter(field: DescField): TextWriter | undefined {
  if (
    field.fieldKind === "map" ||
    (field.message !== undefined && !hasText(field.message.typeName))
  ) {
    return undefined;
  }
  const codec = compileFieldCodec(field);
  const toText = elementText(field);
  const repeated = field.fieldKind === "list";
  return (value) => {
    const json = JSON.parse(codec.toJsonString(value)) as JsonValue;
    return repeated ? (json as JsonValue[]).map(toText) : [toText(json)];
  };
}

/** Writes the entries of a map; undefined for maps of messages without a text. */
export function compileEntryWriter(
  field: DescField & { fieldKind: "map" },
): ((map: unknown) => readonly (readonly [key: string, text: string])[]) | undefined {
  if (field.message !== undefined && !hasText(field.message.typeName)) return undefined;
  const codec = compileFieldCodec(field);
  const toText = elementText(field);
  return (map) => {
    const json = JSON.parse(codec.toJsonString(map)) as Record<string, JsonValue>;
    return Object.entries(json).map(([key, value]) => [key, toText(value)]);
  };
}

function hasText(typeName: string): boolean {
  return (
    typeName === "google.protobuf.Timestamp" ||
    typeName === "google.protobuf.Duration" ||
    typeName === "google.protobuf.FieldMask" ||
    isJsonText(typeName) ||
    findWrappedScalar(typeName) !== undefined
  );
}

function elementText(field: DescField): (json: JsonValue) => string {
  const typeName = field.message?.typeName ?? "";
  if (isJsonText(typeName)) return (json) => JSON.stringify(json);
  switch (field.scalar ?? findWrappedScalar(typeName)) {
    case ScalarType.BYTES:
      return (json) => String(json).replaceAll("+", "-").replaceAll("/", "_");
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return (json) => (Object.is(json, -0) ? "-0" : String(json));
    default:
      return String;
  }
}
