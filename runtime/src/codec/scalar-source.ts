import { ScalarType } from "@bufbuild/protobuf";
import { mismatch } from "./codec-error.ts";
import { checkFloat, floatToJson } from "./float.ts";
import {
  checkInteger,
  checkLong,
  INT32,
  INT64,
  longFromJson,
  longToText,
  UINT32,
  UINT64,
} from "./integer.ts";
import { escape } from "./json-text.ts";
import { stringFromJson } from "./scalar.ts";
import type { Source } from "./source.ts";
import type { ValueCodec } from "./value-codec.ts";

// Expressions and statements for one value, `v` being the name of a variable that holds it and is
// neither undefined nor null. They do what the ValueCodec does, so that V8 sees which types occur
// in which field. Errors need no path: interpreting finds it.

/** JSON text of a value; with `quoted`, the text stands between double quotes. */
export interface JsonExpression {
  readonly quoted: boolean;
  readonly code: string;
}

/** An expression for the JSON text of a value. */
export function jsonText(source: Source, codec: ValueCodec, v: string): JsonExpression {
  const { shortcut } = codec;
  if (shortcut?.kind === "message") {
    return plain(`${source.use(shortcut.ops)}.writeJson(${v}, depth + 1)`);
  }
  const general = `${source.use(codec)}.writeJson(${v}, depth)`;
  if (shortcut?.kind === "enum") {
    const known = `${source.use(shortcut.texts)}[${v}]`;
    return plain(`((typeof ${v} === "number" && ${known}) || ${general})`);
  }
  switch (shortcut?.scalar) {
    case ScalarType.STRING:
      return { quoted: true, code: `${source.use(escape)}(${v})` };
    case ScalarType.BOOL:
      return plain(`(${v} === true ? "true" : ${v} === false ? "false" : ${general})`);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return plain(`(${isInt32(v)} ? ${v} : ${general})`);
    case ScalarType.DOUBLE:
      return plain(`${source.use(floatToJson)}(${v}, false)`);
    default:
      return longText(source, codec, v) ?? plain(general);
  }
}

/** An expression that reads a value from JSON. */
export function jsonValue(source: Source, codec: ValueCodec, v: string): string {
  const { shortcut } = codec;
  if (shortcut?.kind === "message") {
    return `${source.use(shortcut.ops)}.readJson(${v}, depth + 1)`;
  }
  const general = `${source.use(codec)}.readJson(${v}, depth)`;
  if (shortcut?.kind !== "scalar") return general;
  switch (shortcut.scalar) {
    case ScalarType.STRING:
      return `${source.use(stringFromJson)}(${v})`;
    case ScalarType.BOOL:
      return `(${v} === true || ${v} === false ? ${v} : ${general})`;
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return `(${isInt32(v)} ? ${v} | 0 : ${general})`;
    case ScalarType.DOUBLE:
      return `(typeof ${v} === "number" && ${v} - ${v} === 0 ? ${v} : ${general})`;
    default:
      return longValue(source, codec, v) ?? general;
  }
}

/** A statement that writes a value behind its tag. */
export function binaryWrite(source: Source, codec: ValueCodec, v: string): string {
  const { shortcut } = codec;
  if (shortcut?.kind === "message") {
    const ops = source.use(shortcut.ops);
    return `{ const fork = writer.fork(); ${ops}.writeBinary(writer, ${v}, depth + 1); writer.join(fork); }`;
  }
  const general = `${source.use(codec)}.writeBinary(writer, ${v}, depth);`;
  if (shortcut?.kind === "enum") {
    return `if (${isInt32(v)}) writer.int32(${v}); else ${general}`;
  }
  switch (shortcut?.scalar) {
    case ScalarType.STRING:
      return `if (typeof ${v} === "string") writer.string(${v}); else throw ${source.use(mismatch)}("a string", ${v});`;
    case ScalarType.BOOL:
      return `if (typeof ${v} === "boolean") writer.bool(${v}); else ${general}`;
    case ScalarType.INT32:
      return `writer.int32(${integer(source, v)});`;
    case ScalarType.SINT32:
      return `writer.sint32(${integer(source, v)});`;
    case ScalarType.SFIXED32:
      return `writer.fixed32(${integer(source, v)});`;
    case ScalarType.UINT32:
      return `writer.uint32(${source.use(checkInteger)}(${v}, ${source.use(UINT32)}));`;
    case ScalarType.FIXED32:
      return `writer.fixed32(${source.use(checkInteger)}(${v}, ${source.use(UINT32)}));`;
    case ScalarType.DOUBLE:
      return `if (typeof ${v} === "number") writer.double(${v}); else ${general}`;
    case ScalarType.FLOAT:
      return `writer.float(${source.use(checkFloat)}(${v}, true));`;
    case ScalarType.INT64:
      return `writer.int64(${source.use(checkLong)}(${v}, ${source.use(INT64)}));`;
    case ScalarType.SINT64:
      return `writer.sint64(${source.use(checkLong)}(${v}, ${source.use(INT64)}));`;
    case ScalarType.UINT64:
      return `writer.int64(${source.use(checkLong)}(${v}, ${source.use(UINT64)}));`;
    default:
      return general;
  }
}

/** An expression that reads a value behind its tag; `existing` is code for what is merged into. */
export function binaryRead(source: Source, codec: ValueCodec, existing?: string): string {
  const { shortcut } = codec;
  const into = existing === undefined ? "" : `, ${existing}`;
  if (shortcut?.kind === "message") {
    return `${source.use(shortcut.ops)}.readBinary(reader, reader.end(), depth + 1${into})`;
  }
  const general = `${source.use(codec)}.readBinary(reader, depth${into})`;
  if (shortcut === undefined) return general;
  if (shortcut.kind === "enum") return "reader.int32()";
  const read = readerMethod(shortcut.scalar, shortcut.strictUtf8);
  return shortcut.longAsString ? `String(${read})` : read;
}

/** A test whether a value differs from the zero value, so that a field without presence is set. */
export function isSet(source: Source, codec: ValueCodec, v: string): string {
  const { shortcut } = codec;
  if (shortcut?.kind === "enum") return `${v} !== ${String(codec.zero)}`;
  if (shortcut?.kind === "scalar") {
    switch (shortcut.scalar) {
      case ScalarType.STRING:
        return `${v} !== ""`;
      case ScalarType.BOOL:
        return `${v} !== false`;
      case ScalarType.INT32:
      case ScalarType.SINT32:
      case ScalarType.UINT32:
      case ScalarType.FIXED32:
      case ScalarType.SFIXED32:
        return `${v} !== 0`;
      case ScalarType.DOUBLE:
      case ScalarType.FLOAT:
        return `(${v} !== 0 || 1 / ${v} < 0)`;
    }
  }
  return `!${source.use(codec)}.isZero(${v})`;
}

function readerMethod(scalar: ScalarType, strictUtf8: boolean): string {
  switch (scalar) {
    case ScalarType.STRING:
      return `reader.string(${strictUtf8})`;
    case ScalarType.BYTES:
      return "reader.lengthDelimited()";
    default:
      return `reader.${ScalarType[scalar].toLowerCase()}()`;
  }
}

function longText(source: Source, codec: ValueCodec, v: string): JsonExpression | undefined {
  const range = longRange(codec);
  if (range === undefined) return undefined;
  const quoted = codec.writeJson(codec.zero, 0).startsWith('"');
  return { quoted, code: `${source.use(longToText)}(${v}, ${source.use(range)})` };
}

function longValue(source: Source, codec: ValueCodec, v: string): string | undefined {
  const range = longRange(codec);
  if (range === undefined) return undefined;
  const read = `${source.use(longFromJson)}(${v}, ${source.use(range)})`;
  const isHeldAsText = typeof codec.zero === "string";
  return isHeldAsText ? `String(${read})` : read;
}

/** The range of a 64-bit integer; undefined for all else. */
function longRange({ shortcut }: ValueCodec): typeof INT64 | undefined {
  if (shortcut?.kind !== "scalar") return undefined;
  switch (shortcut.scalar) {
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return INT64;
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return UINT64;
    default:
      return undefined;
  }
}

function integer(source: Source, v: string): string {
  return `${isInt32(v)} ? ${v} : ${source.use(checkInteger)}(${v}, ${source.use(INT32)})`;
}

// with a look at the type first: a bigint would throw at the operator, an object would be called
function isInt32(v: string): string {
  return `typeof ${v} === "number" && (${v} | 0) === ${v}`;
}

function plain(code: string): JsonExpression {
  return { quoted: false, code };
}
