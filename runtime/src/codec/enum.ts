import type { DescEnum } from "@bufbuild/protobuf";
import { Wire } from "./wire.ts";
import { CodecError, mismatch } from "./codec-error.ts";
import { describe } from "./describe.ts";
import { checkInteger, INT32 } from "./integer.ts";
import type { JsonOptions } from "./json-options.ts";
import type { ValueCodec } from "./value-codec.ts";

/** So many names fit an error message. */
const LISTED = 8;
/** Values below this are looked up in an array. */
const TABLE = 256;

/**
 * The codec of an enum's values. Unknown names are always errors; unknown numbers are kept,
 * except that a closed enum refuses them in JSON (and in binary the message keeps them aside).
 */
export function enumCodec(desc: DescEnum, options: JsonOptions): ValueCodec {
  const isNull = desc.typeName === "google.protobuf.NullValue";
  const texts = new Map(desc.values.map(({ number }) => [number, `"${desc.value[number]?.name}"`]));
  const shown = [...texts].filter(([number]) => number >= 0 && number < TABLE);
  const table: (string | undefined)[] = [];
  if (!isNull && !options.enumAsNumber) for (const [number, text] of shown) table[number] = text;
  const numbers = new Map(desc.values.map(({ name, number }) => [name, number]));
  return {
    wireType: Wire.varint,
    packable: true,
    nullable: isNull,
    zero: desc.values[0]?.number ?? 0,
    isZero: (value) => value === (desc.values[0]?.number ?? 0),
    writeJson(value) {
      const known = texts.get(value as number);
      if (known === undefined || options.enumAsNumber || isNull) {
        const number = checkNumber(desc, value);
        return isNull ? "null" : String(number);
      }
      return known;
    },
    readJson(json) {
      if (typeof json === "string") {
        const number = numbers.get(json);
        if (number === undefined) throw unknownName(desc, json);
        return number;
      }
      if (json === null && isNull) return 0;
      if (typeof json !== "number") throw mismatch(`a value of ${desc.typeName}`, json);
      const number = checkInteger(json, INT32);
      if (!desc.open && !texts.has(number)) throw mismatch(`a value of ${desc.typeName}`, json);
      return number;
    },
    writeBinary: (writer, value) => writer.int32(checkNumber(desc, value)),
    readBinary: (reader) => reader.int32(),
    shortcut: { kind: "enum", texts: Array.from(table) },
  };
}

function checkNumber(desc: DescEnum, value: unknown): number {
  if (typeof value !== "number") throw mismatch(`a number of enum ${desc.typeName}`, value);
  return checkInteger(value, INT32);
}

function unknownName(desc: DescEnum, name: string): CodecError {
  const names = desc.values.slice(0, LISTED).map((value) => value.name);
  const list = names.join(", ") + (desc.values.length > LISTED ? ", …" : "");
  return new CodecError(`expected a value of ${desc.typeName} (${list}), got ${describe(name)}`);
}
