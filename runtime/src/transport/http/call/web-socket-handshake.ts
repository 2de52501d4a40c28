import type { IncomingMessage } from "node:http";
import { KratosError } from "../../../errors/kratos-error.ts";
import { excerpt } from "../binding-error.ts";
import type { HttpServerContext } from "./server-context.ts";

/**
 * Checks what asks for a WebSocket. Throws 400 for a hand-shake that lacks something, 426 for another version,
 * and 403 when a page of another origin asks that is not `allowed`: browsers let every page do that, with the
 * cookies of its visitor.
 */
export function checkHandshake(
  request: IncomingMessage,
  context: HttpServerContext,
  allowed: readonly string[],
): void {
  const { headers } = request;
  if (headers["sec-websocket-version"] !== "13") {
    context.replyHeader.set("Sec-WebSocket-Version", "13");
    throw new KratosError(426, "UPGRADE_REQUIRED", 'use version "13" of WebSockets');
  }
  if (!/^[+/0-9A-Za-z]{22}==$/.test(headers["sec-websocket-key"] ?? "")) {
    const message = 'the hand-shake has no "Sec-WebSocket-Key" of 16 bytes in base64';
    throw new KratosError(400, "CODEC", message);
  }
  const { origin, host } = headers;
  if (origin === undefined || isSameHost(origin, host) || isAllowed(origin, allowed)) return;
  const message = `pages of ${excerpt(origin)} may not open WebSockets here, "allowedOrigins" would have to name it`;
  throw new KratosError(403, "ORIGIN_FORBIDDEN", message);
}

function isSameHost(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}

function isAllowed(origin: string, allowed: readonly string[]): boolean {
  return allowed.includes("*") || allowed.includes(origin.toLowerCase());
}
