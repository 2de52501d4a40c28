import type { ConnectAddress } from "../../http2/client-engine.ts";

/** One server that a client may call. */
export interface ServerAddress {
  readonly address: ConnectAddress;
  /** What goes into `:authority`. */
  readonly authority: string;
}

/** Where a client calls, read. */
export type ClientEndpoint =
  | { readonly kind: "server"; readonly secure: boolean; readonly server: ServerAddress }
  /** `direct`: these servers, as `host:port`. */
  | { readonly kind: "direct"; readonly addresses: readonly string[] }
  /** `dns`: all addresses of a name. */
  | { readonly kind: "dns"; readonly host: string; readonly port: number }
  | { readonly kind: "discovery"; readonly serviceName: string };

/** Reads the endpoint of a client. Throws a `TypeError` for what is none. */
export function parseClientEndpoint(endpoint: string): ClientEndpoint {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(endpoint);
  const scheme = match?.[1]?.toLowerCase() ?? "";
  const rest = match?.[2] ?? endpoint;
  switch (scheme) {
    case "":
    case "grpc":
    case "grpcs": {
      const server = findServer(rest.replace(/\/$/, ""));
      if (server === undefined) break;
      return { kind: "server", secure: scheme === "grpcs", server };
    }
    case "direct": {
      const addresses = rest
        .replace(/^\//, "")
        .split(",")
        .map((part) => part.trim());
      if (addresses.some((address) => findServer(address) === undefined)) break;
      return { kind: "direct", addresses };
    }
    case "dns": {
      // The authority would be that of a name server; as in gRPC, the name is the path.
      const address = findServer(rest.replace(/^[^/]*\//, ""))?.address;
      if (address === undefined || !("host" in address)) break;
      return { kind: "dns", host: address.host, port: address.port };
    }
    case "discovery": {
      const [, serviceName] = /^[^/]*\/([^/?#].*)$/.exec(rest) ?? [];
      if (serviceName === undefined) break;
      return { kind: "discovery", serviceName };
    }
    case "unix": {
      if (!/^\/./.test(rest)) break;
      const server = { address: { path: rest }, authority: "localhost" };
      return { kind: "server", secure: false, server };
    }
  }
  throw new TypeError(
    `cannot call "${endpoint}", use "host:port", "grpcs://host:port", "direct:///a:1,b:2", "discovery:///name", "dns:///host:port" or "unix:///path"`,
  );
}

/** Reads `host:port`, with IPv6 in brackets; undefined when it is none. */
export function findServer(text: string): ServerAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/?#@[\],]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return { address: { host, port }, authority: text };
}
