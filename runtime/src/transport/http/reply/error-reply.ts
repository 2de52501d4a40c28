import type { IncomingMessage } from "node:http";
import { findKnownError } from "../../../errors/from-error.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import { toHttpStatus, toStatusJson } from "../../../errors/status-json.ts";
import { findAcceptEncoding } from "../content/decompression.ts";
import type { Envelope } from "./envelope.ts";
import { HeaderMap } from "../header-map.ts";
import { findLocation } from "./redirect.ts";

/**
 * What the client is told of something that was thrown. Errors that are meant for it stay; of any other,
 * `unexpected` is true and the client learns only that there was one.
 */
export function toReplyError(thrown: unknown): { error: KratosError; unexpected: boolean } {
  const known = findKnownError(thrown);
  if (known !== undefined) return { error: known, unexpected: false };
  const error = new KratosError(500, "UNKNOWN", "internal server error", { cause: thrown });
  return { error, unexpected: true };
}

/** An error as it goes out. */
export interface EncodedError {
  readonly status: number;
  /** JSON text. */
  readonly body: string;
  readonly header: HeaderMap | undefined;
}

/**
 * Writes an error in Kratos's shape, or in that of an envelope, which redirects stay out of. `header` is what
 * is sent beside it.
 */
export function encodeError(
  error: KratosError,
  request: IncomingMessage,
  header: HeaderMap | undefined,
  envelope: Envelope | undefined,
): EncodedError {
  const location = findLocation(error);
  const acceptEncoding = findAcceptEncoding(error);
  let sent = header;
  if (location !== undefined) {
    sent ??= new HeaderMap();
    sent.set("Location", location);
  } else if (acceptEncoding !== undefined) {
    sent ??= new HeaderMap();
    sent.set("Accept-Encoding", acceptEncoding);
  }
  // In an envelope with a status of its own, a redirect would lead nowhere.
  if (envelope?.error !== undefined && location === undefined) {
    const wrapped = wrapError(error, request, envelope.error);
    if (wrapped !== undefined) return { ...wrapped, header: sent };
  }
  return { status: toHttpStatus(error.code), body: toStatusJson(error), header: sent };
}

/** Undefined when the envelope fails: the caller is to learn of the error that there was. */
function wrapError(
  error: KratosError,
  request: IncomingMessage,
  wrap: NonNullable<Envelope["error"]>,
): { status: number; body: string } | undefined {
  try {
    const { status = toHttpStatus(error.code), body } = wrap(error, request);
    if (!Number.isInteger(status) || status < 200 || status > 599) return undefined;
    return { status, body: JSON.stringify(body) ?? "null" };
  } catch {
    return undefined;
  }
}
