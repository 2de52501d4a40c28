import type { ConnectAddress } from "../../http2/client-engine.ts";

/** One server that a client may call. */
export interface TargetAddress {
  readonly address: ConnectAddress;
  /** What goes into `:authority`. */
  readonly authority: string;
}

/**
 * Reads where a client connects to: `host:port`, `grpc://host:port`, `dns:///host:port`,
 * `direct:///a:1,b:2` (several servers) or `unix:///path`. Throws for anything else.
 */
export function parseTarget(endpoint: string): readonly TargetAddress[] {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(endpoint);
  const scheme = match?.[1]?.toLowerCase() ?? "";
  const rest = match?.[2] ?? endpoint;
  switch (scheme) {
    case "":
    case "grpc":
      return [parseHostPort(endpoint, rest.replace(/\/$/, ""))];
    case "dns":
      return [parseHostPort(endpoint, rest.replace(/^\//, ""))];
    case "direct":
      return rest
        .replace(/^\//, "")
        .split(",")
        .map((part) => parseHostPort(endpoint, part.trim()));
    case "unix":
      if (rest !== "") return [{ address: { path: rest }, authority: "localhost" }];
  }
  throw targetError(endpoint, scheme === "grpcs" ? "TLS is not supported" : undefined);
}

function parseHostPort(endpoint: string, text: string): TargetAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\],@]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) throw targetError(endpoint);
  return { address: { host, port }, authority: text };
}

function targetError(endpoint: string, why?: string): TypeError {
  return new TypeError(
    `cannot call "${endpoint}"${why === undefined ? "" : ` (${why})`}, use "host:port", "grpc://host:port", "direct:///a:1,b:2" or "unix:///path"`,
  );
}
