import { isConnectionHeader } from "../../connection-header.ts";
import { bindingError } from "../binding-error.ts";
import type { HeaderMap } from "../header-map.ts";
import type { EncodedRequest } from "./client-route.ts";

/** Headers as callers give them; a list stands for several values, and an empty one for none. */
export type GivenHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Puts headers in the place of those that have the same names. Throws a `TypeError` for what HTTP cannot carry. */
export function setHeaders(target: HeaderMap, given: GivenHeaders): void {
  for (const [name, value] of Object.entries(given)) {
    const [first, ...others] = [value].flat();
    if (first === undefined) continue;
    target.set(name, first);
    for (const other of others) target.add(name, other as string);
  }
}

/** As {@link setHeaders}, for a call: throws 400 `CODEC`. */
export function setCallHeaders(target: HeaderMap, given: GivenHeaders): void {
  try {
    setHeaders(target, given);
  } catch (error) {
    throw bindingError((error as Error).message, error);
  }
}

/**
 * What a request is sent with: names in lower case and values in turn, without those of the connection.
 * `mediaType` is what its body is called that has no name of its own. Throws 400 `CODEC` for a content type
 * that HTTP cannot carry.
 */
export function listHeaders(
  header: HeaderMap,
  { body, contentType, contentEncoding }: EncodedRequest,
  mediaType: string,
  accept: string,
): string[] {
  const named = header.get("content-type") !== undefined;
  if (!named && contentType !== undefined) setCallHeaders(header, { "content-type": contentType });
  const list: string[] = [];
  if (header.get("accept") === undefined) list.push("accept", accept);
  if (body !== undefined && header.get("content-type") === undefined) {
    list.push("content-type", mediaType);
  }
  if (contentEncoding !== undefined) list.push("content-encoding", contentEncoding);
  for (const [name, values] of header.entries()) {
    if (isSendersOwn(name)) continue;
    for (const value of values) list.push(name, value);
  }
  return list;
}

/** Whether `headers`, names in lower case and values in turn, have this name. */
export function hasHeader(headers: readonly string[], name: string): boolean {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return true;
  return false;
}

/** Tells the service how long it is waited for; `deadline` in milliseconds since the epoch. */
export function addServerTimeout(headers: string[], deadline: number | undefined): void {
  if (deadline === undefined || hasHeader(headers, "x-server-timeout")) return;
  const seconds = Math.max(1, deadline - Date.now()) / 1000;
  headers.push("x-server-timeout", seconds.toFixed(3));
}

/** Headers that the sender writes itself: what passes on what it got may hold them. */
function isSendersOwn(name: string): boolean {
  return name === "content-length" || name === "expect" || isConnectionHeader(name);
}
