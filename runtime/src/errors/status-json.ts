import { KratosError } from "./kratos-error.ts";
import { toTextMap, toWireError } from "./wire-error.ts";

/**
 * The HTTP status of a response that carries an error with this code: the code itself where HTTP has such
 * a final status for something that did not succeed (300–599), else 500. Informational codes would end no
 * response and 2xx would tell the caller that all went well; the body keeps the original code.
 */
export function toHttpStatus(code: number): number {
  return Number.isInteger(code) && code >= 300 && code <= 599 ? code : 500;
}

/**
 * The body of an HTTP error: `{"code":404,"reason":"…","message":"…","metadata":{}}`, always with all four
 * keys in this order, as ProtoJSON of Kratos's `errors.Status` with defaults. A code that is no int32,
 * which peers could not read, is written as 500.
 */
export function toStatusJson(error: KratosError): string {
  const code = error.code === (error.code | 0) ? error.code : 500;
  const { reason, message, metadata } = toWireError(error);
  return `{"code":${code},"reason":${JSON.stringify(reason)},"message":${JSON.stringify(
    message,
  )},"metadata":${JSON.stringify(metadata)}}`;
}

/**
 * Reads the body of an HTTP error, and never throws: what is not an error in Kratos's shape gives an error
 * with empty reason and message, and with the fault as its cause when it is not even JSON.
 * `status` is the response's HTTP status, which wins over the body's code; without it the body's code
 * counts, 500 when there is none.
 */
export function parseStatusJson(text: string, status?: number): KratosError {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    return new KratosError(status ?? 500, "", "", { cause });
  }
  const { code, reason, message, metadata } = asRecord(body);
  return new KratosError(
    status ?? (typeof code === "number" && Number.isInteger(code) ? code : 500),
    typeof reason === "string" ? reason : "",
    typeof message === "string" ? message : "",
    { metadata: toTextMap(metadata) },
  );
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
