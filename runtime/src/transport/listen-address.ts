import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { textOf } from "../errors/text-of.ts";
import type { ConnectionSource } from "./connection-source.ts";

/**
 * Where a server listens, in the shape that `net.Server.listen` takes.
 * Either `port` (with or without `host`) or `path` is there, or `source`.
 */
export interface ListenAddress {
  /** Absent: every interface, IPv6 and IPv4. Without brackets. */
  readonly host?: string;
  /** 0: any free port. */
  readonly port?: number;
  /** A Unix domain socket. */
  readonly path?: string;
  /** Set for network `tcp6`, which must not take IPv4 callers. */
  readonly ipv6Only?: boolean;
  /** Connections come from there, and nothing is listened on. */
  readonly source?: ConnectionSource;
}

/** Where a server has come to listen. */
export interface BoundAddress {
  /** Undefined for a Unix socket. */
  readonly port: number | undefined;
  /** For people: `0.0.0.0:8000`, `[::]:8000`, or the path of a Unix socket. */
  readonly text: string;
}

/** A server could not listen, or was told to listen on something that is no address. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  /** The system's code, such as `EADDRINUSE`; `EINVAL` for text that is no address. */
  readonly code: string;
  /** The address as configured. */
  readonly addr: string;

  constructor(code: string, addr: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.addr = addr;
  }
}

/**
 * Reads an address as Kratos's config has it: `:8000`, `0.0.0.0:8000`, `localhost:9000`, `[::1]:9000`,
 * or a path when `network` is `unix`. Empty `network` means `tcp`, empty `addr` means `:0` (any free port).
 * Throws {@link ListenError} for anything else.
 */
export function parseListenAddress(network: string, addr: string): ListenAddress {
  switch (network) {
    case "":
    case "tcp":
      return parseHostPort(addr);
    case "tcp4": {
      const { host = "0.0.0.0", port } = parseHostPort(addr);
      return { host, port };
    }
    case "tcp6": {
      const { host = "::", port } = parseHostPort(addr);
      return { host, port, ipv6Only: true };
    }
    case "unix":
      if (addr === "") {
        throw new ListenError("EINVAL", addr, 'network "unix" needs the path of a socket as addr');
      }
      if (!isSocketPath(addr)) {
        const message = `the path of a Unix socket has at most ${maxSocketPath} bytes and no NUL: "${addr}" is none`;
        throw new ListenError("EINVAL", addr, message);
      }
      return { path: addr };
    default:
      throw new ListenError(
        "EINVAL",
        addr,
        `cannot listen on network "${network}", use "tcp", "tcp4", "tcp6" or "unix"`,
      );
  }
}

/** Bytes of `sun_path` without the NUL at its end. */
const maxSocketPath = process.platform === "linux" ? 107 : 103;

/** Whether a path is none that Node would cut off, to listen, or connect, somewhere else. */
function isSocketPath(path: string): boolean {
  return Buffer.byteLength(path) <= maxSocketPath && !path.includes("\0");
}

/** Reads what `net.Server.address` says of a server that listens. */
export function toBoundAddress(address: AddressInfo | string | null): BoundAddress {
  if (address === null || typeof address === "string") {
    return { port: undefined, text: address ?? "in memory" };
  }
  const { address: host, port } = address;
  return { port, text: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}` };
}

/**
 * The URL under which others reach a server that listens on `configuredAddr` (the text of the config).
 * `actualPort` is the listener's; `undefined` means a Unix socket, which gives `unix:///path`.
 * A host that stands for every interface becomes this machine's first address that is neither loopback
 * nor link-local, IPv4 before IPv6; loopback when there is none.
 */
export function publicEndpoint(
  scheme: string,
  configuredAddr: string,
  actualPort: number | undefined,
  interfaces: () => ReturnType<typeof networkInterfaces> = networkInterfaces,
): URL {
  if (actualPort === undefined) {
    const url = new URL("unix:///");
    url.pathname = configuredAddr;
    return url;
  }
  const { host } = parseHostPort(configuredAddr);
  const reachable =
    host === undefined || host === "0.0.0.0" || host === "::"
      ? findOwnAddress(interfaces(), host === "0.0.0.0")
      : host;
  return new URL(`${scheme}://${bracket(reachable)}:${actualPort}`);
}

/**
 * An endpoint as registries hold it: `scheme://host:port`, with no path, and with the port even where it is
 * the scheme's own (a `URL` drops `:80`, which Kratos Go then cannot dial).
 */
export function endpointText(endpoint: URL): string {
  if (endpoint.hostname === "") return endpoint.href;
  const port = endpoint.port || (endpoint.protocol === "https:" ? "443" : "80");
  return `${endpoint.protocol}//${endpoint.hostname}:${port}`;
}

/** Turns what `listen` failed with into an error that names the address and says what to do. */
export function listenError(error: unknown, addr: string): ListenError {
  if (error instanceof ListenError) return error;
  const code =
    error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const hint = hints[code] ?? textOf(error);
  return new ListenError(code, addr, `cannot listen on "${addr || ":0"}": ${hint}`, error);
}

const hints: Readonly<Record<string, string>> = {
  EADDRINUSE: "the address is in use, stop the process that holds it or configure another port",
  EACCES: "permission denied, configure a port above 1023 or a path you may write to",
  EADDRNOTAVAIL: "this machine has no such address, configure one of its own or leave the host out",
  ENOTFOUND: "the host name does not resolve, configure an address or leave the host out",
  EAFNOSUPPORT: "this machine does not speak that address family, configure an IPv4 address",
  ENOENT: "the folder of the socket does not exist, create it first",
};

function parseHostPort(addr: string): { host?: string; port: number } {
  if (addr === "") return { port: 0 };
  // The host is a name, an IPv4 address, or an IPv6 address in brackets.
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:[\]/]*)):(\d{1,5})$/.exec(addr);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new ListenError(
      "EINVAL",
      addr,
      `"${addr}" is no address to listen on, use "host:port" with a port of 0 to 65535, such as "0.0.0.0:8000" or ":8000"`,
    );
  }
  const host = match[1] ?? match[2] ?? "";
  return host === "" ? { port } : { host, port };
}

function findOwnAddress(
  interfaces: ReturnType<typeof networkInterfaces>,
  ipv4Only: boolean,
): string {
  const addresses = Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .filter(({ internal, address }) => !internal && !isLinkLocal(address));
  const ipv4 = addresses.find(({ family }) => family === "IPv4");
  const found = ipv4 ?? (ipv4Only ? undefined : addresses[0]);
  return found?.address ?? "127.0.0.1";
}

function isLinkLocal(address: string): boolean {
  return address.startsWith("169.254.") || /^fe[89ab]/i.test(address);
}

// A URL has no room for the zone of a link-local address (`%eth0`).
function bracket(host: string): string {
  return host.includes(":") ? `[${host.replace(/%.*/, "")}]` : host;
}
