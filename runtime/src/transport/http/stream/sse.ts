import type { KratosError } from "../../../errors/kratos-error.ts";
import { toStatusJson } from "../../../errors/status-json.ts";

/** A message as a server-sent event, as Kratos writes it: a line of data for each line of its text. */
export function writeEvent(body: string | Uint8Array): string {
  // JSON, which never holds a line break.
  if (typeof body === "string" && !/[\r\n]/.test(body)) return `event: message\ndata: ${body}\n\n`;
  const text = typeof body === "string" ? body : Buffer.from(body).toString();
  const data = text.split(/\r\n|[\r\n]/).map((line) => `data: ${line}\n`);
  return `event: message\n${data.join("")}\n`;
}

/** The event that ends a stream which failed. */
export function writeErrorEvent(error: KratosError): string {
  return `event: error\ndata: ${toStatusJson(error)}\n\n`;
}
