import { CodecError, mismatch } from "./codec-error.ts";

/** Up to this length a loop over the characters is faster than a regular expression. */
const SHORT = 20;
// eslint-disable-next-line no-control-regex -- control characters are what must be escaped
const NEEDS_CARE = /[\u0000-\u001f"\\\ud800-\udfff]/;

/** A string as JSON text. Throws for anything else and for text that UTF-8 cannot carry. */
export function quote(value: unknown): string {
  return `"${escape(value)}"`;
}

/** As {@link quote}, without the quotes around it. */
export function escape(value: unknown): string {
  if (typeof value !== "string") throw mismatch("a string", value);
  const length = value.length;
  if (length > SHORT) return NEEDS_CARE.test(value) ? escapeSlowly(value) : value;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code < 32 || code === 34 || code === 92 || (code >= 0xd800 && code <= 0xdfff)) {
      return escapeSlowly(value);
    }
  }
  return value;
}

function escapeSlowly(value: string): string {
  requireWellFormed(value);
  return JSON.stringify(value).slice(1, -1);
}

/** Throws for a string with half a surrogate pair: no UTF-8 exists for it. */
export function requireWellFormed(value: string): void {
  const text = value as string & { isWellFormed(): boolean }; // from ES2024, which Node 20 has
  if (!text.isWellFormed()) throw new CodecError("expected valid Unicode, got a lone surrogate");
}
