import { isIPv6 } from "node:net";

const hostAndPort =
  /^(?:\[(?:v[\da-f]+\.[\w\-.~!$&'()*+,;=:]+|([\da-f:.]+))\]|(?:[\w\-.~!$&'()*+,;=]|%[\da-f]{2})+)(?::\d*)?$/i;

/** Reports whether a text is a host, with or without a port, as URLs have it (RFC 3986, section 3.2.2). */
export function isHost(text: string): boolean {
  const match = hostAndPort.exec(text);
  return match !== null && (match[1] === undefined || isIPv6(match[1]));
}
