import { bindingError, excerpt } from "../binding-error.ts";

/** Decodes the text of one path segment. Throws 400 `CODEC` for escapes that are not UTF-8. */
export function decodeSegment(text: string): string {
  return text.includes("%") ? decode(text) : text;
}

/**
 * Decodes text that spans several path segments: `%2F` and `%2f` stay as they are, since a decoded slash
 * would look like a boundary. Throws 400 `CODEC`.
 */
export function decodeSegments(text: string): string {
  return text.includes("%") ? decodeExcept(text, /(%2[fF])/) : text;
}

/**
 * As {@link decodeSegments}, but leaves all of RFC 6570's reserved characters encoded, the other way to
 * read `google/api/http.proto` (see its `fully_decode_reserved_expansion`).
 */
export function decodeUnreserved(text: string): string {
  return text.includes("%")
    ? decodeExcept(text, /(%(?:2[1346-9a-cfA-CF]|3[abdfABDF]|40|5[bdBD]))/)
    : text;
}

/** Decodes a key or value of a query, where `+` is a space. Throws 400 `CODEC`. */
export function decodeQueryText(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  return spaced.includes("%") ? decode(spaced) : spaced;
}

// No byte of a longer UTF-8 sequence is ASCII, so cutting at an ASCII escape splits none.
function decodeExcept(text: string, kept: RegExp): string {
  return text
    .split(kept)
    .map((part, index) => (index % 2 === 1 ? part : decode(part)))
    .join("");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw bindingError(`${excerpt(text)} is not percent-encoded UTF-8`, cause);
  }
}
