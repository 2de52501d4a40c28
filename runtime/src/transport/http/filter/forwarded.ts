import type { IncomingHttpHeaders } from "node:http";
import { isIPv6 } from "node:net";
import { isHost } from "../host.ts";

/** What one proxy says of whom it got a request from. */
export interface ForwardedHop {
  /** Without port and brackets; anything but an address when the proxy hides it. */
  readonly address: string;
  readonly protocol?: "http" | "https";
  /** With its port, if there is one. */
  readonly host?: string;
}

/** The most proxies that are looked at; only those nearest to the server count. */
const maxHops = 32;

/** Reads `X-Forwarded-For`, and `-Proto` and `-Host` beside it; the nearest proxy's word is the last. */
export function parseXForwarded(headers: IncomingHttpHeaders): readonly ForwardedHop[] {
  const addresses = splitList(headers["x-forwarded-for"]);
  const protocols = splitList(headers["x-forwarded-proto"]);
  const hosts = splitList(headers["x-forwarded-host"]);
  // Proxies append to the lists, or replace them: what is last belongs together.
  const count = Math.max(addresses.length, protocols.length, hosts.length);
  return Array.from({ length: count }, (_, index) => {
    const back = index - count;
    return createHop(addresses.at(back) ?? "", protocols.at(back), hosts.at(back));
  });
}

/**
 * Reads `Forwarded` (RFC 7239) from its end, where the nearest proxy has written, and as far as it is well-formed:
 * a client may have put anything before it, such as a quote that it left open.
 */
export function parseForwarded(headers: IncomingHttpHeaders): readonly ForwardedHop[] {
  const text = (headers.forwarded ?? "").slice(-maxForwardedLength);
  const hops: ForwardedHop[] = [];
  let end = text.length;
  let start = end;
  for (let tries = 0; tries < maxTries && start >= 0 && hops.length < maxHops; tries++) {
    start = start === 0 ? -1 : text.lastIndexOf(",", start - 1);
    const hop = parseElement(text.slice(start + 1, end));
    if (hop === undefined) continue; // the comma may stand in quotes
    if (hop !== "empty") hops.unshift(hop);
    end = start;
  }
  return hops;
}

/** Of a longer header, the end is read, and only so many ways to read it are tried. */
const maxForwardedLength = 8192;
const maxTries = 128;

// Not everybody quotes addresses with ports.
const parameter =
  /[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=([\w!#$%&'*+.^`|~:[\]-]+|"(?:[^"\\]|\\.)*")[ \t]*)?(?:;|$)/;

/** Undefined: no element. */
function parseElement(text: string): ForwardedHop | "empty" | undefined {
  const parts = new Map<string, string>();
  const next = new RegExp(parameter, "y");
  while (next.lastIndex < text.length) {
    const match = next.exec(text);
    const [, name, value = ""] = match ?? [];
    const key = name?.toLowerCase();
    if (match === null || (key !== undefined && parts.has(key))) return undefined;
    if (key !== undefined) parts.set(key, unquote(value));
  }
  if (parts.size === 0) return "empty";
  return createHop(parts.get("for") ?? "", parts.get("proto"), parts.get("host"));
}

function createHop(
  node: string,
  protocol: string | undefined,
  host: string | undefined,
): ForwardedHop {
  const scheme = toScheme(protocol);
  return {
    address: withoutPort(node),
    ...(scheme !== undefined && { protocol: scheme }),
    ...(host !== undefined && isHost(host) && { host }),
  };
}

/** Some proxies name what a WebSocket's URL begins with. */
function toScheme(protocol: string | undefined): "http" | "https" | undefined {
  switch (protocol?.toLowerCase()) {
    case "http":
    case "ws":
      return "http";
    case "https":
    case "wss":
      return "https";
    default:
      return undefined;
  }
}

/** Ports may be hidden, too: RFC 7239, section 6. */
function withoutPort(node: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(?:\d{1,5}|_[\w.-]+))?$/.exec(node);
  const [, inBrackets, plain] = match ?? [];
  if (inBrackets !== undefined) return isIPv6(inBrackets) ? inBrackets : node;
  return plain ?? node;
}

/** The last members of a list. */
function splitList(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  const members: string[] = [];
  const text = String(value);
  for (let end = text.length; end >= 0 && members.length < maxHops;) {
    const comma = end === 0 ? -1 : text.lastIndexOf(",", end - 1);
    members.unshift(text.slice(comma + 1, end).trim());
    end = comma;
  }
  return members;
}

function unquote(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, "$1") : text;
}
