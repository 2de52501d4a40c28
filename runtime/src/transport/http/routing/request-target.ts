import { excerpt } from "../binding-error.ts";
import { isHost } from "../host.ts";
import { MalformedPathError } from "./router.ts";

/** The parts of a request line's target, as they came. */
export interface RequestTarget {
  /** Starts with a slash; `*` for `OPTIONS *`. */
  readonly path: string;
  /** What follows the first question mark; empty when there is none. */
  readonly query: string;
}

/** What the absolute form, which proxies send (`http://host/path`), has for a host; undefined for all others. */
export function findTargetHost(url: string): string | undefined {
  return absolute.exec(url)?.[1];
}

const absolute = /^https?:\/\/([^/?]*)/i;

/**
 * Splits a request target without normalising anything: a URL parser would resolve `..` and take the host
 * out of `//host/path`. The scheme of the absolute form is dropped.
 * Throws {@link MalformedPathError}.
 */
export function parseRequestTarget(url: string): RequestTarget {
  // Nearly every target: a slash, then printable ASCII without "#".
  if (/^\/[!"$-~]*$/.test(url)) return splitTarget(url);
  if (url === "*") return { path: url, query: "" };
  if (url.includes("#")) throw new MalformedPathError('a request must not hold a fragment ("#")');
  const [origin = "", host] = absolute.exec(url) ?? [];
  if (host !== undefined && !isHost(host)) {
    throw new MalformedPathError(`the request target has no host: ${excerpt(url)}`);
  }
  let target = url.slice(origin.length);
  if (host !== undefined && !target.startsWith("/")) target = `/${target}`;
  if (!target.startsWith("/")) throw new MalformedPathError("the request target is not a path");
  if (/[^!-~]/.test(target)) throw new MalformedPathError("a URL must be ASCII, encode the rest");
  return splitTarget(target);
}

function splitTarget(target: string): RequestTarget {
  const mark = target.indexOf("?");
  return mark < 0
    ? { path: target, query: "" }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}
