/**
 * Reports whether a header, by its name in lower case, speaks of one connection alone (RFC 9110, section
 * 7.6.1, and RFC 9113, section 8.2.2). What passes on the headers that it got must leave these out.
 */
export function isConnectionHeader(name: string): boolean {
  switch (name) {
    case "connection":
    case "http2-settings":
    case "keep-alive":
    case "proxy-connection":
    case "te":
    case "trailer":
    case "transfer-encoding":
    case "upgrade":
      return true;
    default:
      return false;
  }
}
