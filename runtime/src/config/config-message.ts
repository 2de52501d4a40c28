/**
 * What generated configuration schemas do beside zod: YAML spellings to fields, durations to milliseconds.
 * Each function here is the first half of a `z.preprocess`: it turns what a file says into what the zod
 * schema behind it checks, and leaves what it does not understand as it is, for zod to refuse.
 */

import { closestName } from "../errors/closest-name.ts";

/** The fields of a message by their name in TypeScript: their name in the proto, and further accepted ones. */
export type ConfigNames = Readonly<Record<string, string | readonly string[]>>;

/** A problem with one value, in zod's shape; `path` leads from the value being read to the wrong one. */
export type ConfigIssue =
  | { code: "custom"; message: string; path: PropertyKey[]; input: unknown }
  | {
      code: "unrecognized_keys";
      keys: string[];
      message: string;
      path: PropertyKey[];
      input: Record<string, unknown>;
    };

/** Where problems go; zod's refinement context is one. */
export interface ConfigContext {
  addIssue(issue: ConfigIssue): void;
}

/**
 * Reads a message: takes keys in the proto's spelling (`read_timeout`) and in TypeScript's (`readTimeout`),
 * drops those without a value, reads an absent message as an empty one. Refuses unknown keys, a field
 * under two spellings, and two fields of one oneof (given as lists of names in TypeScript).
 */
export function configMessage(
  names: ConfigNames,
  oneofs: readonly (readonly string[])[] = [],
): (value: unknown, context: ConfigContext) => unknown {
  const fields = new Map<string, string>();
  for (const [field, spellings] of Object.entries(names)) {
    for (const spelling of [field, ...[spellings].flat()]) fields.set(spelling, field);
  }
  return (value, context) => {
    if (value === undefined || value === null) return {};
    if (typeof value !== "object" || Array.isArray(value)) return value;

    const found = new Map<string, { readonly key: string; readonly value: unknown }>();
    const input = value as Record<string, unknown>;
    for (const [key, fieldValue] of Object.entries(input)) {
      const field = fields.get(key);
      const earlier = field === undefined ? undefined : found.get(field);
      if (field === undefined) {
        // With this code, and no other, zod goes on to check the other fields: all problems come at once.
        const message = `unknown key${suggest(key, names)}`;
        context.addIssue({
          code: "unrecognized_keys",
          keys: [key],
          message,
          path: [key],
          input,
        });
      } else if (earlier !== undefined) {
        refuse(context, key, `the same as "${earlier.key}", give only one of them`, fieldValue);
      } else if (fieldValue !== undefined && fieldValue !== null) {
        found.set(field, { key, value: fieldValue });
      }
    }
    for (const oneof of oneofs) {
      const [first, second] = oneof.flatMap((field) => found.get(field) ?? []);
      if (first === undefined || second === undefined) continue;
      refuse(context, second.key, `excludes "${first.key}", give only one of them`, second.value);
    }
    return Object.fromEntries([...found].map(([field, entry]) => [field, entry.value]));
  };
}

/**
 * Reads a duration into milliseconds: `"500ms"`, `"1s"`, `"1m30s"`, `"1.5h"` as in Go, which covers the
 * `"3.5s"` of ProtoJSON. Units are h, m, s, ms, us (µs), ns. Absent stays `undefined`.
 */
export function configDuration(value: unknown, context: ConfigContext): number | undefined {
  if (value === undefined || value === null) return undefined;
  const duration = typeof value === "string" ? parseDuration(value) : undefined;
  if (duration === undefined) {
    const found = typeof value === "string" ? `"${value}"` : describe(value);
    refuse(
      context,
      undefined,
      `expected a duration such as "500ms" or "1m30s", got ${found}`,
      value,
    );
  }
  return duration;
}

/** Reads numbers also from decimal text, which is what placeholders and ProtoJSON's 64-bit integers are. */
export function configNumber(value: unknown): unknown {
  if (value === null) return undefined;
  if (
    typeof value !== "string" ||
    !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value.trim())
  ) {
    return value;
  }
  return Number(value);
}

/** Reads a 64-bit integer of a `jstype = JS_STRING` field, which stays text so that no digit is lost. */
export function configInteger(value: unknown): unknown {
  if (value === null) return undefined;
  return Number.isSafeInteger(value) || typeof value === "bigint" ? String(value) : value;
}

/** Reads booleans also from `"true"` and `"false"`, which is what placeholders are. */
export function configBoolean(value: unknown): unknown {
  if (value === null) return undefined;
  return value === "true" ? true : value === "false" ? false : value;
}

/** Reads bytes from base64, standard or URL-safe, padded or not. */
export function configBytes(value: unknown, context: ConfigContext): unknown {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) {
    return refuse(context, undefined, `expected base64 text, got ${describe(value)}`, value);
  }
  const text = value.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  if (text.length % 4 === 1 || (value.endsWith("=") && value.length % 4 !== 0)) {
    return refuse(context, undefined, "base64 text of an impossible length", value);
  }
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** Reads a point in time from RFC 3339 text such as `2025-01-31T08:00:00Z`. Absent stays `undefined`. */
export function configTimestamp(value: unknown, context: ConfigContext): unknown {
  if (value === undefined || value === null || value instanceof Date) return value ?? undefined;
  const isText =
    typeof value === "string" &&
    /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/.test(value);
  const time = isText ? new Date(value) : undefined;
  if (time === undefined || Number.isNaN(time.getTime())) {
    const found = typeof value === "string" ? `"${value}"` : describe(value);
    const wanted = 'a time such as "2025-01-31T08:00:00Z"';
    return refuse(context, undefined, `expected ${wanted}, got ${found}`, value);
  }
  return time;
}

/** Reads `null`, which YAML makes of a key with nothing behind it, as absent. */
export function configValue(value: unknown): unknown {
  return value === null ? undefined : value;
}

const millisecondsByUnit: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3, // U+00B5
  μs: 1e-3, // U+03BC
  ns: 1e-6,
};

function parseDuration(text: string): number | undefined {
  const [, sign, parts] =
    /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:h|ms|m|s|us|µs|μs|ns))+)$/.exec(text) ?? [];
  if (parts === undefined) return text === "0" ? 0 : undefined;
  let total = 0;
  for (const [, digits, unit] of parts.matchAll(/([\d.]+)([^\d.]+)/g)) {
    total += Number(digits) * (millisecondsByUnit[unit ?? ""] ?? Number.NaN);
  }
  // Sums of decimal fractions are a hair off ("1.1s" + "0.2s"): nanoseconds are what the proto can hold.
  const milliseconds = Math.round(total * 1e6) / 1e6;
  return sign === "-" ? -milliseconds : milliseconds;
}

function refuse(
  context: ConfigContext,
  key: string | undefined,
  message: string,
  input: unknown,
): undefined {
  context.addIssue({ code: "custom", message, path: key === undefined ? [] : [key], input });
}

const shownNames = 12;

function suggest(key: string, names: ConfigNames): string {
  const fields = Object.entries(names).map(([field, spellings]) => [spellings, field].flat());
  if (fields.length === 0) return ", this message has no fields";
  const near = closestName(key, fields.flat());
  if (near !== undefined) return `, did you mean "${near}"?`;
  const all = fields.map(([name]) => `"${name}"`);
  const more = all.length > shownNames ? ` and ${all.length - shownNames} more` : "";
  return `, expected one of ${all.slice(0, shownNames).join(", ")}${more}`;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  return typeof value === "string" ? "other text" : `the ${typeof value} ${String(value)}`;
}
