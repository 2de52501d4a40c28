import type { BinaryWriter } from "./binary-writer.ts";
import { CodecError, mismatch, withSegment } from "./codec-error.ts";
import { requireObject, segmentOf } from "./containers.ts";
import { quote, requireWellFormed } from "./json-text.ts";
import { checkDepth } from "./nesting.ts";
import { setEntry } from "./own.ts";

// google.protobuf.Struct, Value and ListValue. A field of type Struct holds a plain JSON object in
// messages ("plain" below); everywhere else they are messages like others ("message" below).

const STRUCT = "google.protobuf.Struct";
const VALUE = "google.protobuf.Value";
const LIST = "google.protobuf.ListValue";

interface ValueMessage {
  $typeName: typeof VALUE;
  kind: { case?: string | undefined; value?: unknown };
}

/** A plain JSON value as text. Throws for what JSON has no form for: NaN, undefined, a bigint. */
function plainToJson(value: unknown, depth: number): string {
  checkDepth(depth);
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      return numberToJson(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return listToJson(value, (item) => plainToJson(item, depth + 1));
      return objectToJson(requirePlain(value), (member) => plainToJson(member, depth + 1));
    default:
      throw mismatch("a JSON value", value);
  }
}

/** A plain JSON object as text. */
export function plainStructToJson(value: unknown, depth: number): string {
  return plainToJson(requireObject(value), depth);
}

/** Reads a JSON object for a field of type Struct. */
export function plainStructFromJson(json: unknown, depth: number): object {
  return copyObject(requireObject(json), depth, copyPlain);
}

/** `google.protobuf.Value` as JSON text. */
export function valueToJson(message: unknown, depth: number): string {
  checkDepth(depth);
  const { kind } = requireObject(message) as Partial<ValueMessage>;
  const value = kind?.value;
  switch (kind?.case) {
    case "nullValue":
      return "null";
    case "numberValue":
      return numberToJson(value);
    case "stringValue":
      return quote(value);
    case "boolValue":
      if (typeof value !== "boolean") throw mismatch("a bool", value);
      return value ? "true" : "false";
    case "structValue":
      return structToJson(value, depth);
    case "listValue":
      return listValueToJson(value, depth);
    default:
      throw new CodecError("expected a kind to be set, as a Value without one has no JSON form");
  }
}

/** A `google.protobuf.Struct` message as JSON text. */
export function structToJson(message: unknown, depth: number): string {
  const { fields } = requireObject(message) as { fields?: unknown };
  if (fields === undefined || fields === null) return "{}";
  return objectToJson(requireObject(fields), (member) => valueToJson(member, depth + 1));
}

/** A `google.protobuf.ListValue` as JSON text. */
export function listValueToJson(message: unknown, depth: number): string {
  const { values } = requireObject(message) as { values?: unknown };
  if (values === undefined || values === null) return "[]";
  if (!Array.isArray(values)) throw mismatch("a list", values);
  return listToJson(values, (item) => valueToJson(item, depth + 1));
}

/** Reads any JSON value as a `google.protobuf.Value`. */
export function valueFromJson(json: unknown, depth: number): object {
  return { $typeName: VALUE, kind: kindFromJson(json, depth) };
}

/** Reads a JSON object as a `google.protobuf.Struct` message. */
export function structFromJson(json: unknown, depth: number): object {
  return { $typeName: STRUCT, fields: copyObject(requireObject(json), depth, valueFromJson) };
}

/** Reads a JSON array as a `google.protobuf.ListValue`. */
export function listValueFromJson(json: unknown, depth: number): object {
  if (!Array.isArray(json)) throw mismatch("a list", json);
  return { $typeName: LIST, values: copyList(json, depth, valueFromJson) };
}

/** Adds a `google.protobuf.Struct` message to the plain object that a field holds, and returns it. */
export function mergeStruct(plain: object, message: object): object {
  const { fields } = message as { fields: object };
  for (const [key, member] of Object.entries(fields)) setEntry(plain, key, valueToPlain(member));
  return plain;
}

/** Writes the fields of a Struct whose JSON object is `value`. */
export function writePlainStruct(writer: BinaryWriter, value: unknown, depth: number): void {
  checkDepth(depth);
  for (const [key, member] of Object.entries(requirePlain(requireObject(value)))) {
    writer.uint32(10);
    const entry = writer.fork();
    writer.uint32(10);
    writer.string(key);
    writer.uint32(18);
    const fork = writer.fork();
    try {
      writePlain(writer, member, depth + 1);
    } catch (error) {
      throw withSegment(error, segmentOf(key));
    }
    writer.join(fork);
    writer.join(entry);
  }
}

// The fields of a Value: null 1, number 2, string 3, bool 4, struct 5, list 6.
function writePlain(writer: BinaryWriter, value: unknown, depth: number): void {
  checkDepth(depth);
  if (value === null) {
    writer.uint32(8);
    writer.uint32(0);
  } else if (typeof value === "number") {
    writer.uint32(17);
    writer.double(value);
  } else if (typeof value === "string") {
    writer.uint32(26);
    writer.string(value);
  } else if (typeof value === "boolean") {
    writer.uint32(32);
    writer.bool(value);
  } else if (typeof value === "object") {
    writer.uint32(Array.isArray(value) ? 50 : 42);
    const fork = writer.fork();
    if (Array.isArray(value)) writePlainList(writer, value, depth + 1);
    else writePlainStruct(writer, value, depth + 1);
    writer.join(fork);
  } else {
    throw mismatch("a JSON value", value);
  }
}

function writePlainList(writer: BinaryWriter, items: readonly unknown[], depth: number): void {
  checkDepth(depth);
  for (const item of items) {
    writer.uint32(10);
    const fork = writer.fork();
    writePlain(writer, item, depth + 1);
    writer.join(fork);
  }
}

function numberToJson(value: unknown): string {
  if (typeof value !== "number" || !Number.isFinite(value))
    throw mismatch("a finite number", value);
  return Object.is(value, -0) ? "-0" : String(value);
}

function listToJson(items: readonly unknown[], write: (item: unknown) => string): string {
  let text = "";
  for (let i = 0; i < items.length; i++) {
    try {
      text += (i === 0 ? "" : ",") + write(items[i]);
    } catch (error) {
      throw withSegment(error, `[${i}]`);
    }
  }
  return `[${text}]`;
}

function objectToJson(object: object, write: (member: unknown) => string): string {
  let text = "";
  for (const [key, member] of Object.entries(object)) {
    try {
      text += `${text === "" ? "" : ","}${quote(key)}:${write(member)}`;
    } catch (error) {
      throw withSegment(error, segmentOf(key));
    }
  }
  return `{${text}}`;
}

function kindFromJson(json: unknown, depth: number): ValueMessage["kind"] {
  checkDepth(depth);
  switch (typeof json) {
    case "string":
      requireWellFormed(json);
      return { case: "stringValue", value: json };
    case "number":
      return { case: "numberValue", value: requireFinite(json) };
    case "boolean":
      return { case: "boolValue", value: json };
    case "object":
      if (json === null) return { case: "nullValue", value: 0 };
      return Array.isArray(json)
        ? { case: "listValue", value: listValueFromJson(json, depth) }
        : { case: "structValue", value: structFromJson(json, depth) };
    default:
      throw mismatch("a JSON value", json);
  }
}

function copyPlain(json: unknown, depth: number): unknown {
  checkDepth(depth);
  switch (typeof json) {
    case "string":
      requireWellFormed(json);
      return json;
    case "number":
      return requireFinite(json);
    case "boolean":
      return json;
    case "object":
      if (json === null) return json;
      return Array.isArray(json)
        ? copyList(json, depth, copyPlain)
        : copyObject(json, depth, copyPlain);
    default:
      throw mismatch("a JSON value", json);
  }
}

function copyList<T>(
  json: readonly unknown[],
  depth: number,
  copy: (item: unknown, depth: number) => T,
): T[] {
  return json.map((item, i) => {
    try {
      return copy(item, depth + 1);
    } catch (error) {
      throw withSegment(error, `[${i}]`);
    }
  });
}

function copyObject(
  json: object,
  depth: number,
  copy: (member: unknown, depth: number) => unknown,
): object {
  const result = {};
  for (const [key, member] of Object.entries(json)) {
    try {
      requireWellFormed(key);
      setEntry(result, key, copy(member, depth + 1));
    } catch (error) {
      throw withSegment(error, segmentOf(key));
    }
  }
  return result;
}

function valueToPlain(message: unknown): unknown {
  const { kind } = message as ValueMessage;
  switch (kind.case) {
    case "structValue":
      return mergeStruct({}, kind.value as object);
    case "listValue":
      return (kind.value as { values: unknown[] }).values.map(valueToPlain);
    case "nullValue":
    case undefined:
      return null;
    default:
      return kind.value;
  }
}

function requireFinite(value: number): number {
  if (!Number.isFinite(value)) throw mismatch("a finite number", value);
  return value;
}

// A Date or a Map has no entries and would silently become {}.
function requirePlain(value: object): object {
  if (Object.prototype.toString.call(value) !== "[object Object]") {
    throw mismatch("a JSON value", value);
  }
  return value;
}
