import { CodecError, mismatch } from "./codec-error.ts";
import { checkInteger, checkLong, INT32, INT64 } from "./integer.ts";

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, in seconds since 1970. */
const MIN = -62_135_596_800;
const MAX = 253_402_300_799;
const DAY = 86_400;
const NANOS = 1_000_000_000;
const RFC_3339 =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** The members of `google.protobuf.Timestamp` and `Duration`. */
export interface SecondsAndNanos {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** A timestamp as RFC 3339 text in UTC, with 0, 3, 6 or 9 digits of a second. */
export function timestampToText(value: Partial<SecondsAndNanos>): string {
  const seconds = Number(checkLong(value.seconds ?? 0n, INT64));
  const nanos = checkInteger(value.nanos ?? 0, INT32);
  if (seconds < MIN || seconds > MAX) {
    throw new CodecError(
      `expected a timestamp from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z, got ${seconds} s`,
    );
  }
  if (nanos < 0 || nanos >= NANOS) {
    throw new CodecError(`expected nanos from 0 to 999999999, got ${nanos}`);
  }
  const days = Math.floor(seconds / DAY);
  const rest = seconds - days * DAY;
  const hour = (rest / 3600) | 0;
  const minute = ((rest / 60) | 0) % 60;
  return `${dateOf(days)}T${two(hour)}:${two(minute)}:${two(rest % 60)}${fractionOf(nanos)}Z`;
}

/** Reads RFC 3339 text with any offset. Throws {@link CodecError}. */
export function timestampFromJson(json: unknown): SecondsAndNanos {
  const parts = typeof json === "string" ? RFC_3339.exec(json) : null;
  if (parts === null) throw mismatch("a timestamp such as 2026-01-31T08:30:00Z", json);
  const [, year, month, day, hour, minute, second, fraction = "", sign, offHour, offMinute] = parts;
  const date = { year: Number(year), month: Number(month), day: Number(day) };
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  const [oh, om] = [Number(offHour ?? 0), Number(offMinute ?? 0)];
  if (!isDate(date) || h > 23 || m > 59 || s > 59 || oh > 23 || om > 59) {
    throw mismatch("a timestamp that exists", json);
  }
  const offset = (oh * 3600 + om * 60) * (sign === "-" ? -1 : 1);
  const seconds = daysOf(date) * DAY + h * 3600 + m * 60 + s - offset;
  if (seconds < MIN || seconds > MAX) {
    throw mismatch("a timestamp from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z", json);
  }
  return { seconds: BigInt(seconds), nanos: Number(fraction.padEnd(9, "0")) };
}

/** A fraction of a second as text: empty, or a point and 3, 6 or 9 digits. */
export function fractionOf(nanos: number): string {
  if (nanos === 0) return "";
  const digits = String(nanos + NANOS).slice(1);
  if (digits.endsWith("000000")) return `.${digits.slice(0, 3)}`;
  return digits.endsWith("000") ? `.${digits.slice(0, 6)}` : `.${digits}`;
}

interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

// Days since 1970 to a date and back in the proleptic Gregorian calendar. Years begin in March
// here, so that the leap day is a year's last; 400 years have 146097 days.
function dateOf(days: number): string {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

function daysOf({ year, month, day }: CivilDate): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function isDate({ year, month, day }: CivilDate): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  if (month === 2)
    return day <= (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28);
  return day <= (month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31);
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
