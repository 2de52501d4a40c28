import type { IncomingReply, OutgoingRequest } from "./client-sender.ts";

/** Headers that are meant for one origin only. */
const confidential = ["authorization", "cookie", "proxy-authorization"];

/**
 * The request that a redirect asks for; undefined when it must not be followed: only `GET` and `HEAD` are
 * sent on, since a request that changes something must not go where its sender did not send it, and never
 * from `https` to `http`. What proves who the caller is stays with its origin.
 */
export function followRedirect(
  request: OutgoingRequest,
  reply: IncomingReply,
): OutgoingRequest | undefined {
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  if (![301, 302, 303, 307, 308].includes(reply.status)) return undefined;
  const location = reply.header.get("location");
  const unix = request.origin.startsWith("unix:");
  const base = `${unix ? "http://localhost" : request.origin}${request.path}`;
  if (location === undefined || !URL.canParse(location, base)) return undefined;
  const from = new URL(base);
  const to = new URL(location, base);
  if (to.protocol !== "https:" && (to.protocol !== "http:" || from.protocol === "https:")) {
    return undefined;
  }
  const path = to.pathname + to.search;
  if (to.origin === from.origin) return { ...request, path };
  if (unix) return undefined;
  const headers: string[] = [];
  for (let i = 0; i < request.headers.length; i += 2) {
    const name = request.headers[i]!;
    if (name === "host" || confidential.includes(name)) continue;
    headers.push(name, request.headers[i + 1]!);
  }
  return { ...request, origin: to.origin, path, headers };
}
