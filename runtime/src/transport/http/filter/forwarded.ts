import type { IncomingHttpHeaders } from "node:http";

/** What one proxy says of whom it got a request from. */
export interface ForwardedHop {
  /** Without port and brackets; anything but an address when the proxy hides it. */
  readonly address: string;
  readonly protocol?: string;
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
  const count = Math.min(Math.max(addresses.length, protocols.length, hosts.length), maxHops);
  return Array.from({ length: count }, (_, index) => {
    const back = index - count;
    return createHop(addresses.at(back) ?? "", protocols.at(back), hosts.at(back));
  });
}

/**
 * Reads `Forwarded` (RFC 7239). One with a quote that does not end tells nothing: a client's open quote would
 * swallow what proxies put behind it, and leave the client's own word as the nearest proxy's.
 */
export function parseForwarded(headers: IncomingHttpHeaders): readonly ForwardedHop[] {
  if (!/^(?:[^"]|"(?:[^"\\]|\\.)*")*$/.test(headers.forwarded ?? "")) return [];
  return splitQuoted(headers.forwarded ?? "", ",")
    .slice(-maxHops)
    .map((element) => {
      const parts = new Map<string, string>();
      for (const pair of splitQuoted(element, ";")) {
        const equals = pair.indexOf("=");
        parts.set(
          pair.slice(0, equals).trim().toLowerCase(),
          unquote(pair.slice(equals + 1).trim()),
        );
      }
      return createHop(parts.get("for") ?? "", parts.get("proto"), parts.get("host"));
    });
}

function createHop(
  node: string,
  protocol: string | undefined,
  host: string | undefined,
): ForwardedHop {
  const scheme = protocol?.toLowerCase();
  return {
    address: withoutPort(node),
    ...((scheme === "http" || scheme === "https") && { protocol: scheme }),
    ...(host !== undefined && /^[\w.:[\]-]+$/.test(host) && { host }),
  };
}

function withoutPort(node: string): string {
  const match = /^\[([^\]]*)\](?::\d+)?$|^([^:]*):\d+$/.exec(node);
  return match?.[1] ?? match?.[2] ?? node;
}

function splitList(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  const text = typeof value === "string" ? value : value.join(",");
  return text.split(",").map((part) => part.trim());
}

/** Splits where `separator` is not inside of quotes. */
function splitQuoted(text: string, separator: "," | ";"): readonly string[] {
  const pattern =
    separator === "," ? /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g : /(?:[^;"]|"(?:[^"\\]|\\.)*"?)+/g;
  return text.match(pattern) ?? [];
}

function unquote(text: string): string {
  return text.startsWith('"') ? text.replace(/^"|"$/g, "").replace(/\\(.)/g, "$1") : text;
}
