import type { KratosError } from "../../../errors/kratos-error.ts";
import { toStatusJson } from "../../../errors/status-json.ts";

/** A message as a line of JSON. */
export function writeMessageLine(body: string | Uint8Array): string {
  return `${typeof body === "string" ? body : Buffer.from(body).toString()}\n`;
}

/** The line that ends a stream which failed. */
export function writeErrorLine(error: KratosError): string {
  return `{"error":${toStatusJson(error)}}\n`;
}
