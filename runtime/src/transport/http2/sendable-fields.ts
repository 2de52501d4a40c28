import type { Field } from "./engine.ts";

/**
 * Bytes of a header block, each field counting 32 more than it has (RFC 9113, section 10.5.1), that peers take: what
 * Node is ready to read where nobody says otherwise. It sends no larger block, and breaks off connections by which
 * it gets one.
 */
export const maxBlockBytes: number = 64 * 1024 - 1;

/** What `fields` count for in {@link maxBlockBytes}. */
export function blockBytes(fields: readonly Field[]): number {
  return fields.reduce((sum, field) => sum + fieldBytes(field), 0);
}

/**
 * Appends those of `more` to `block` that HTTP/2 can carry with what is there: of names that may have one value the
 * first, and nothing for which there is no room. Returns the names of what is left out.
 */
export function appendSendable(block: Field[], more: readonly Field[]): readonly string[] {
  const leftOut: string[] = [];
  let room = maxBlockBytes - blockBytes(block);
  for (const field of more) {
    const [name] = field;
    const size = fieldBytes(field);
    if (size > room || (isSingleField(name) && block.some(([other]) => other === name))) {
      leftOut.push(name);
    } else {
      block.push(field);
      room -= size;
    }
  }
  return leftOut;
}

function fieldBytes([name, value]: Field): number {
  return name.length + value.length + 32;
}

/** Whether a header block may hold but one field of this name; Node refuses to send a second one. */
export function isSingleField(name: string): boolean {
  return singleFields.has(name);
}

const singleFields: ReadonlySet<string> = /* #__PURE__ */ new Set([
  ":status",
  "access-control-allow-credentials",
  "access-control-max-age",
  "access-control-request-method",
  "age",
  "authorization",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-md5",
  "content-range",
  "content-type",
  "date",
  "dnt",
  "etag",
  "expires",
  "from",
  "host",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "proxy-authorization",
  "range",
  "referer",
  "retry-after",
  "server",
  "tk",
  "upgrade-insecure-requests",
  "user-agent",
  "x-content-type-options",
]);
