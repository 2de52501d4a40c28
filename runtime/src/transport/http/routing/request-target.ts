import { MalformedPathError } from "./router.ts";

/** The parts of a request line's target, as they came. */
export interface RequestTarget {
  /** Starts with a slash; `*` for `OPTIONS *`. */
  readonly path: string;
  /** What follows the first question mark; empty when there is none. */
  readonly query: string;
}

/**
 * Splits a request target without normalising anything: a URL parser would resolve `..` and take the host
 * out of `//host/path`. Scheme and authority of the absolute form are dropped.
 * Throws {@link MalformedPathError}.
 */
export function parseRequestTarget(url: string): RequestTarget {
  // Nearly every target: a slash, then printable ASCII without "#".
  const target = /^\/[!"$-~]*$/.test(url) ? url : repairTarget(url);
  const mark = target.indexOf("?");
  return mark < 0
    ? { path: target, query: "" }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

function repairTarget(url: string): string {
  if (url === "*") return url;
  if (url.includes("#")) throw new MalformedPathError('a request must not hold a fragment ("#")');
  let target = url.replace(/^https?:\/\/[^/?]*/i, "");
  if (target === "" || target.startsWith("?")) target = `/${target}`;
  if (!target.startsWith("/")) throw new MalformedPathError("the request target is not a path");
  if (/[^!-~]/.test(target)) throw new MalformedPathError("a URL must be ASCII, encode the rest");
  return target;
}
