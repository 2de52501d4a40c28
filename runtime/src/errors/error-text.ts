import { isKratosError, type KratosError } from "./kratos-error.ts";
import { textOf } from "./text-of.ts";
import { toWireError } from "./wire-error.ts";

/**
 * An error on one line, as Kratos prints it in logs and WebSocket error frames:
 * `error: code = 404 reason = ORDER_NOT_FOUND message = no order "7" metadata = map[id:7] cause = <nil>`.
 * Metadata is sorted by key. Never throws.
 */
export function toErrorText(error: KratosError): string {
  return textWithCauses(error, new Set());
}

function textWithCauses(error: KratosError, seen: Set<unknown>): string {
  seen.add(error);
  const wire = toWireError(error);
  const metadata = Object.entries(wire.metadata)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}:${value}`)
    .join(" ");
  return `error: code = ${error.code} reason = ${error.reason} message = ${wire.message} metadata = map[${metadata}] cause = ${causeText(error.cause, seen)}`;
}

function causeText(cause: unknown, seen: Set<unknown>): string {
  if (cause === undefined || cause === null) return "<nil>";
  if (seen.has(cause)) return "<circular>";
  if (isKratosError(cause)) return textWithCauses(cause, seen);
  return textOf(cause);
}
