import type { IncomingMessage } from "node:http";
import { BlockList, isIP, SocketAddress } from "node:net";
import type { HttpFilter } from "./filter.ts";
import { type ForwardedHop, parseForwarded, parseXForwarded } from "./forwarded.ts";

/**
 * Which proxies are trusted: the number of those that stand before the server, which holds only where nobody gets
 * around one of them; or their addresses, as `10.0.0.0/8`, `192.0.2.7`, `loopback` (with Unix sockets) or `private`;
 * or a function of an address, which is empty for Unix sockets.
 */
export type TrustedProxies = number | readonly string[] | ((address: string) => boolean);

/**
 * Which proxies are believed, and which of the two kinds of headers they write. Only one kind is read, since
 * a proxy that writes the one passes on what a client invented in the other.
 */
export type TrustProxy =
  | TrustedProxies
  | {
      readonly proxies: TrustedProxies;
      /** `x-forwarded`: X-Forwarded-For, -Proto and -Host; `forwarded`: Forwarded of RFC 7239. */
      readonly header: "x-forwarded" | "forwarded";
    };

/** The client as trusted proxies tell of it. */
interface ForwardedClient {
  /** Undefined: none that a proxy told of. */
  readonly address: string | undefined;
  readonly protocol: string | undefined;
  readonly host: string | undefined;
}

const clientKey = Symbol("client");

interface ForwardedRequest extends IncomingMessage {
  [clientKey]?: ForwardedClient;
}

/** A filter that notes for each request what trusted proxies tell of its client. */
export function trustProxies(trust: TrustProxy): HttpFilter {
  const { proxies, header } =
    typeof trust === "object" && "proxies" in trust
      ? trust
      : { proxies: trust, header: "x-forwarded" as const };
  const isTrusted = compileTrust(proxies);
  const parse = header === "forwarded" ? parseForwarded : parseXForwarded;
  return (next) => (request, response) => {
    const client = findClient(request, parse(request.headers), isTrusted);
    if (client !== undefined) (request as ForwardedRequest)[clientKey] = client;
    return next(request, response);
  };
}

/** The client's address, without a port, as trusted proxies tell it. */
export function forwardedAddress(request: IncomingMessage): string | undefined {
  return (request as ForwardedRequest)[clientKey]?.address;
}

/**
 * Scheme and host that the client called, such as `https://api.example.com`; what proxies say of them counts
 * where the server trusts them. The host is the client's word: check it before links are made of it.
 */
export function requestOrigin(request: IncomingMessage): string {
  const client = (request as ForwardedRequest)[clientKey];
  const protocol = client?.protocol ?? ("encrypted" in request.socket ? "https" : "http");
  return `${protocol}://${client?.host ?? request.headers.host ?? ""}`;
}

/** `hops`: the nearest proxy's word last. */
function findClient(
  request: IncomingMessage,
  hops: readonly ForwardedHop[],
  isTrusted: (address: string, index: number) => boolean,
): ForwardedClient | undefined {
  const own = withoutMapping(request.socket.remoteAddress ?? "");
  let address = own;
  let trusted: ForwardedHop | undefined;
  for (let index = 0; index < hops.length; index++) {
    if (!isTrusted(address, index)) break;
    const hop = hops[hops.length - 1 - index]!;
    trusted = { ...trusted, ...hop };
    if (isIP(hop.address) === 0) break; // hidden, or nonsense
    address = toCanonical(hop.address);
  }
  const told = address === own ? undefined : address;
  return trusted && { address: told, protocol: trusted.protocol, host: trusted.host };
}

function compileTrust(proxies: TrustedProxies): (address: string, index: number) => boolean {
  if (typeof proxies === "number") {
    if (!Number.isInteger(proxies) || proxies < 0) {
      throw new TypeError(`${proxies} is no number of proxies, use a whole one`);
    }
    return (_address, index) => index < proxies;
  }
  if (typeof proxies === "function") return proxies;
  const trustsLocal = proxies.includes("loopback");
  const list = new BlockList();
  for (const each of proxies.flatMap((name) => names[name] ?? [name])) {
    const [network = "", bits] = each.split("/");
    const version = isIP(network);
    const width = version === 6 ? 128 : 32;
    const prefix = bits === undefined ? width : Number(bits);
    if (version === 0 || !/^\d*$/.test(bits ?? "") || prefix > width || bits === "") {
      const usable = '"10.0.0.0/8", "192.0.2.7", "loopback" or "private"';
      throw new TypeError(`"${each}" is no address of proxies, use such as ${usable}`);
    }
    list.addSubnet(network, prefix, version === 6 ? "ipv6" : "ipv4");
  }
  return (address) => {
    const version = isIP(address);
    if (address === "") return trustsLocal;
    return version !== 0 && list.check(address, version === 6 ? "ipv6" : "ipv4");
  };
}

const names: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

/** The one spelling of an address, without the zone, which means nothing to anybody but the proxy. */
function toCanonical(address: string): string {
  if (isIP(address) !== 6) return address;
  const bare = address.split("%", 1)[0]!;
  return withoutMapping(new SocketAddress({ address: bare, family: "ipv6" }).address);
}

/** IPv4 in the form that IPv6 sockets tell it is IPv4. */
function withoutMapping(address: string): string {
  return address.startsWith("::ffff:") && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}
