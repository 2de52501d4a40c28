import { CodecError, mismatch } from "./codec-error.ts";
import { checkInteger, checkLong, INT32, INT64 } from "./integer.ts";
import { fractionOf } from "./timestamp.ts";
import type { SecondsAndNanos } from "./timestamp.ts";

/** About 10,000 years, the limit of `google.protobuf.Duration`. */
const MAX = 315_576_000_000;
const TEXT = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;

/** A duration as ProtoJSON text: `1.5s`. */
export function durationToText(value: Partial<SecondsAndNanos>): string {
  const seconds = Number(checkLong(value.seconds ?? 0n, INT64));
  const nanos = checkInteger(value.nanos ?? 0, INT32);
  if (seconds > MAX || seconds < -MAX) {
    throw new CodecError(`expected a duration within ±${MAX} s, got ${seconds} s`);
  }
  if (nanos <= -1_000_000_000 || nanos >= 1_000_000_000) {
    throw new CodecError(`expected nanos within ±999999999, got ${nanos}`);
  }
  if ((seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) {
    throw new CodecError("expected seconds and nanos of the same sign");
  }
  const sign = seconds < 0 || nanos < 0 ? "-" : "";
  return `${sign}${Math.abs(seconds)}${fractionOf(Math.abs(nanos))}s`;
}

/** Reads `1.5s`. Throws {@link CodecError}. */
export function durationFromJson(json: unknown): SecondsAndNanos {
  const parts = typeof json === "string" ? TEXT.exec(json) : null;
  if (parts === null) throw mismatch("a duration in seconds such as 1.5s", json);
  const [, sign, whole, fraction = ""] = parts;
  const seconds = Number(whole);
  const nanos = Number(fraction.padEnd(9, "0"));
  if (seconds > MAX) throw mismatch(`a duration within ±${MAX} s`, json);
  // 0 - x, since -x of 0 would be -0
  return sign === "-"
    ? { seconds: BigInt(0 - seconds), nanos: 0 - nanos }
    : { seconds: BigInt(seconds), nanos };
}
