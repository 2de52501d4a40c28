import { CodecError, mismatch } from "./codec-error.ts";

/** The bounds of an integer type and how messages call it. */
export interface IntegerRange<N extends number | bigint> {
  /** With its article: `an int32`. */
  readonly name: string;
  readonly min: N;
  readonly max: N;
}

export const INT32: IntegerRange<number> = {
  name: "an int32",
  min: -0x8000_0000,
  max: 0x7fff_ffff,
};
export const UINT32: IntegerRange<number> = { name: "a uint32", min: 0, max: 0xffff_ffff };
export const INT64: IntegerRange<bigint> = {
  name: "an int64",
  min: -0x8000_0000_0000_0000n,
  max: 0x7fff_ffff_ffff_ffffn,
};
export const UINT64: IntegerRange<bigint> = {
  name: "a uint64",
  min: 0n,
  max: 0xffff_ffff_ffff_ffffn,
};

const PLAIN = /^-?[0-9]{1,20}$/;
const DECIMAL = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,4}))?$/;
const LONGEST = 400;

/**
 * The integer that decimal text stands for, or undefined where it is none.
 * `1.0` and `1e2` are integers, as in ProtoJSON; `0x10`, ` 1` and the empty text are not.
 */
function parseInteger(text: string): bigint | undefined {
  if (PLAIN.test(text)) return BigInt(text);
  const parts = text.length > LONGEST ? null : DECIMAL.exec(text);
  if (parts === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts;
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return 0n;
  const shift = Number(exponent) - fraction.length;
  if (shift >= 0) {
    // beyond 20 digits no integer type holds it, and a huge power would only cost memory
    return digits.length + shift > 20 ? undefined : BigInt(sign + digits + "0".repeat(shift));
  }
  if (!/^0*$/.test(digits.slice(shift))) return undefined;
  return BigInt(sign + (digits.slice(0, shift) || "0"));
}

/** Checks an integer of up to 32 bits that a message holds. */
export function checkInteger(value: unknown, range: IntegerRange<number>): number {
  if (typeof value !== "number" || !Number.isInteger(value)) throw mismatch(range.name, value);
  if (value < range.min || value > range.max) throw outOfRange(value, range);
  return value + 0; // not -0
}

/** Checks a 64-bit integer that a message holds: a bigint, a safe number or decimal text. */
export function checkLong(value: unknown, range: IntegerRange<bigint>): bigint {
  let long: bigint | undefined;
  if (typeof value === "bigint") long = value;
  else if (typeof value === "number" && Number.isSafeInteger(value)) long = BigInt(value);
  else if (typeof value === "string" && PLAIN.test(value)) long = BigInt(value);
  if (long === undefined) throw mismatch(range.name, value);
  if (long < range.min || long > range.max) throw outOfRange(value, range);
  return long;
}

/** Reads an integer of up to 32 bits from JSON: a number or text. */
export function integerFromJson(json: unknown, range: IntegerRange<number>): number {
  if (typeof json !== "string") return checkInteger(json, range);
  const long = parseInteger(json);
  if (long === undefined) throw mismatch(range.name, json);
  const value = Number(long);
  if (value < range.min || value > range.max) throw outOfRange(json, range);
  return value;
}

/** So many digits are exact as a number, whatever they are. */
const EXACT_DIGITS = 15;

/** The number that a text of a few digits stands for, found without a regular expression. */
function shortInteger(text: string): number | undefined {
  const length = text.length;
  if (length === 0 || length > EXACT_DIGITS) return undefined;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** Reads a 64-bit integer from JSON. A number that JSON.parse has rounded is refused. */
export function longFromJson(json: unknown, range: IntegerRange<bigint>): bigint {
  if (typeof json === "string") {
    const short = shortInteger(json);
    if (short !== undefined) return BigInt(short);
  }
  if (typeof json === "number" && Number.isInteger(json) && !Number.isSafeInteger(json)) {
    throw new CodecError(
      `expected ${range.name}, got ${json}, which JSON numbers cannot carry exactly: send it as a string`,
    );
  }
  if (typeof json !== "string" || PLAIN.test(json)) {
    if (typeof json === "bigint") throw mismatch(range.name, json);
    return checkLong(json, range);
  }
  const long = parseInteger(json);
  if (long === undefined) throw mismatch(range.name, json);
  if (long < range.min || long > range.max) throw outOfRange(json, range);
  return long;
}

/** A 64-bit integer as decimal text. */
export function longToText(value: unknown, range: IntegerRange<bigint>): string {
  if (typeof value === "bigint") {
    const number = Number(value);
    // printing a number is several times faster than printing a bigint
    if (number <= Number.MAX_SAFE_INTEGER && number >= -Number.MAX_SAFE_INTEGER) {
      if (number < 0 && range.min === 0n) throw outOfRange(value, range);
      return String(number);
    }
  }
  return String(checkLong(value, range));
}

function outOfRange(value: unknown, range: IntegerRange<number | bigint>): CodecError {
  return new CodecError(
    `expected ${range.name} (${range.min} to ${range.max}), got ${String(value).slice(0, 40)}`,
  );
}
