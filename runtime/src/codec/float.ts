import { CodecError, mismatch } from "./codec-error.ts";

const FLOAT32_MAX = 3.4028234663852886e38;
const FLOAT32_NORMAL = 1.1754943508222875e-38;
const NUMBER = /^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
/** Text up to this length is already the shortest of a 32-bit float. */
const SHORTEST = 7;

/** Checks a double or float that a message holds. NaN and the infinities are values of both. */
export function checkFloat(value: unknown, single: boolean): number {
  if (typeof value !== "number") throw mismatch(single ? "a float" : "a double", value);
  if (single && (value > FLOAT32_MAX || value < -FLOAT32_MAX) && Number.isFinite(value)) {
    throw new CodecError(`expected a float, got ${value}, which is out of range`);
  }
  return value;
}

/** A double or float as JSON: a number, or `"NaN"`, `"Infinity"` and `"-Infinity"`. */
export function floatToJson(value: unknown, single: boolean): string {
  const number = checkFloat(value, single);
  if (number - number !== 0) return `"${number}"`;
  if (number === 0) return 1 / number < 0 ? "-0" : "0";
  const text = String(number);
  return single && text.length > SHORTEST ? shorten(number, text) : text;
}

/** Reads a double or float from JSON: a number, its text, or one of the three names. */
export function floatFromJson(json: unknown, single: boolean): number {
  if (typeof json === "number") {
    // a literal such as 1e999 has become Infinity in JSON.parse
    if (Number.isFinite(json)) return fit(json, single);
  } else if (typeof json === "string") {
    if (json === "NaN") return NaN;
    if (json === "Infinity") return Infinity;
    if (json === "-Infinity") return -Infinity;
    const value = NUMBER.test(json) ? Number(json) : NaN;
    if (Number.isFinite(value)) return fit(value, single);
  }
  throw mismatch(single ? "a float" : "a double", json);
}

// The largest float may be written as 3.4028235e+38, which is slightly more.
function fit(value: number, single: boolean): number {
  const rounded = Math.fround(value);
  const isSlightlyMore = single && Math.abs(value) > FLOAT32_MAX && Number.isFinite(rounded);
  return checkFloat(isSlightlyMore ? rounded : value, single);
}

// 0.1 read from the wire as a 32-bit float is 0.10000000149011612; "0.1" reads back as the same.
function shorten(value: number, text: string): string {
  if (Math.fround(value) !== value) return text;
  // six digits tell all floats apart but the smallest, which hold fewer bits
  for (let digits = Math.abs(value) < FLOAT32_NORMAL ? 1 : 6; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value && Math.abs(short) <= FLOAT32_MAX) return String(short);
  }
  return text;
}
