/** A socket's address as `host:port`, IPv6 in brackets; empty when there is none (Unix sockets, closed ones). */
export function socketAddress(host: string | undefined, port: number | undefined): string {
  if (host === undefined || port === undefined) return "";
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
