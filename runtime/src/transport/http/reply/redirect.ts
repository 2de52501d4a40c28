import { KratosError } from "../../../errors/kratos-error.ts";

/** The statuses that lead elsewhere. */
export type RedirectStatus = 301 | 302 | 303 | 307 | 308;

/**
 * An error that sends the caller to another URL, absolute or relative to that of the request:
 * `throw redirect("/v1/files/7", 303)`. Over HTTP it is a response with that status and `Location`; over
 * gRPC an error with reason `REDIRECT` and the URL in the metadata. Default status: 302.
 * Throws a `TypeError` for what is no URL. A URL that a caller chose must be checked before it is used here.
 */
export function redirect(url: string | URL, status: RedirectStatus = 302): KratosError {
  const text = String(url);
  // A line break would start another header.
  if (text === "" || /[\0-\x20\x7f]/.test(text)) {
    throw new TypeError(`${JSON.stringify(text)} is no URL to redirect to`);
  }
  if (![301, 302, 303, 307, 308].includes(status)) {
    throw new TypeError(`status ${status} is no redirect, use 301, 302, 303, 307 or 308`);
  }
  const location = encodeNonAscii(text);
  const message = `the answer is at ${location}`;
  return new KratosError(status, "REDIRECT", message, { metadata: { location } });
}

/** Where an error leads, if it is a redirect; known by its shape. */
export function findLocation(error: KratosError): string | undefined {
  if (error.reason !== "REDIRECT" || error.code < 300 || error.code > 399) return undefined;
  const { location } = error.metadata;
  return location === undefined || /[^!-~]/.test(location) ? undefined : location;
}

function encodeNonAscii(text: string): string {
  return text.replace(/[^!-~]+/g, (part) =>
    encodeURIComponent(part.replace(/\p{Surrogate}/gu, "\ufffd")),
  );
}
