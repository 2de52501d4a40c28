import { toErrorText } from "../../../errors/error-text.ts";
import { findKnownError } from "../../../errors/from-error.ts";
import { GrpcCode, toGrpcCode, toGrpcStatusCode } from "../../../errors/grpc-code.ts";
import { type ErrorDetail, KratosError } from "../../../errors/kratos-error.ts";
import { encodeStatusDetails, fromGrpcStatus } from "../../../errors/status-details.ts";
import { toWireError } from "../../../errors/wire-error.ts";
import type { Field, HeaderView } from "../../http2/engine.ts";
import { HeaderSet, ResetCode } from "../../http2/engine.ts";
import { decodeBinaryHeader, encodeBinaryHeader } from "./metadata.ts";

/** A failure of the protocol itself, which has a gRPC code and no reason. */
export class GrpcFailure extends Error {
  override readonly name = "GrpcFailure";
  readonly code: GrpcCode;
  /** Further fields of the answer. */
  readonly fields: readonly Field[];

  constructor(code: GrpcCode, message: string, fields: readonly Field[] = []) {
    super(message);
    this.code = code;
    this.fields = fields;
  }
}

/** The trailers of a call that succeeded. */
export const okTrailers: HeaderSet = new HeaderSet([["grpc-status", "0"]]);

/**
 * The trailers of a call that failed: code, message and, for a KratosError, reason and metadata in
 * `grpc-status-details-bin`. `unexpected` tells that `error` was not made for callers, who therefore see
 * `UNKNOWN` and none of its text: it should be logged.
 */
export function toTrailers(error: unknown): { fields: readonly Field[]; unexpected: boolean } {
  if (isGrpcFailure(error)) {
    const fields = [...statusFields(error.code, error.message), ...error.fields];
    return { fields, unexpected: false };
  }
  const found = findKnownError(error);
  if (found === undefined) {
    // What is said of an error that was not made for callers is the same as over HTTP.
    const hidden = new KratosError(500, "UNKNOWN", "internal server error");
    return { fields: errorFields(GrpcCode.UNKNOWN, hidden, hidden.message), unexpected: true };
  }
  const known = toWireError(found);
  const code = known.grpcCode ?? toGrpcStatusCode(known.code);
  // "OK" is no answer for an error; what it was meant to be is kept in the text.
  const isOk = known.grpcCode === undefined && toGrpcCode(known.code) === GrpcCode.OK;
  const message = isOk ? toErrorText(known) : known.message;
  return { fields: errorFields(code, known, message), unexpected: false };
}

function isGrpcFailure(error: unknown): error is GrpcFailure {
  try {
    return error instanceof GrpcFailure;
  } catch {
    return false; // a proxy that throws when it is looked at
  }
}

function errorFields(code: GrpcCode, error: KratosError, message: string): Field[] {
  const details = encodeBinaryHeader(encodeStatusDetails(shorten(error), code));
  return [...statusFields(code, message), ["grpc-status-details-bin", details]];
}

function statusFields(code: GrpcCode, message: string): Field[] {
  const fields: Field[] = [["grpc-status", String(code)]];
  if (message !== "") fields.push(["grpc-message", encodeMessage(cut(message, maxMessage))]);
  return fields;
}

/** Bytes that message, reason and metadata may have: peers refuse header blocks of more than some kilobytes. */
const maxMessage = 1024;
const maxReason = 256;
const maxMetadata = 4096;
const maxDetails = 4096;

/** What an entry of metadata, or a detail, takes beside its own bytes. */
const overhead = 8;

/** The error in a size that fits into trailers: cut texts, and no metadata or details where they are too much. */
function shorten(error: KratosError): KratosError {
  const { code, metadata, grpcCode } = error;
  const message = cut(error.message, maxMessage);
  const reason = cut(error.reason, maxReason);
  const size = Object.entries(metadata).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value) + overhead,
    0,
  );
  const fits = size <= maxMetadata;
  const details = fitDetails(error.details);
  if (fits && details === error.details && message === error.message && reason === error.reason) {
    return error;
  }
  return new KratosError(code, reason, message, {
    metadata: fits ? metadata : {},
    details,
    grpcCode,
  });
}

/** The details for which there is room, in their order; `details` itself when that is all. */
function fitDetails(details: readonly ErrorDetail[]): readonly ErrorDetail[] {
  let room = maxDetails;
  const fitting = details.filter(({ typeUrl, value }) => {
    const size = Buffer.byteLength(typeUrl) + value.length + overhead;
    if (size > room) return false;
    room -= size;
    return true;
  });
  return fitting.length === details.length ? details : fitting;
}

function cut(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  // With "stream", a character that is cut in two is left out.
  const start = new TextDecoder().decode(Buffer.from(text).subarray(0, maxBytes), { stream: true });
  return `${start}…`;
}

/** The error that trailers tell of; undefined when they tell of success. */
export function findStatusError(trailers: HeaderView): KratosError | undefined {
  const status = trailers.get("grpc-status");
  if (status === "0") return undefined;
  const message = decodeMessage(trailers.get("grpc-message") ?? "");
  if (status === undefined || !/^\d+$/.test(status)) {
    const text = "the reply ended without a grpc-status";
    return fromGrpcStatus(GrpcCode.UNKNOWN, message === "" ? text : message);
  }
  if (Number(status) === 0) return undefined;
  const details = trailers.get("grpc-status-details-bin");
  return fromGrpcStatus(
    Number(status),
    message,
    details === undefined ? undefined : decodeBinaryHeader(details),
  );
}

/** The error of a response whose `:status` is not 200, as gRPC's "HTTP to gRPC status code mapping" has it. */
export function httpStatusError(status: string): KratosError {
  return fromGrpcStatus(
    httpStatusCodes[status] ?? GrpcCode.UNKNOWN,
    `the server answered with HTTP status ${status}, is it a gRPC server?`,
  );
}

const httpStatusCodes: Readonly<Record<string, GrpcCode>> = {
  "400": GrpcCode.INTERNAL,
  "401": GrpcCode.UNAUTHENTICATED,
  "403": GrpcCode.PERMISSION_DENIED,
  "404": GrpcCode.UNIMPLEMENTED,
  "429": GrpcCode.UNAVAILABLE,
  "502": GrpcCode.UNAVAILABLE,
  "503": GrpcCode.UNAVAILABLE,
  "504": GrpcCode.UNAVAILABLE,
};

/** The error of a stream that was reset with this HTTP/2 code, as gRPC over HTTP/2 maps them. */
export function resetError(code: number, cause: Error | undefined): KratosError {
  if (cause !== undefined) {
    return new KratosError(503, "UNREACHABLE", `the connection was lost: ${cause.message}`, {
      cause,
    });
  }
  const text = `the server reset the stream with HTTP/2 error code ${code}`;
  return fromGrpcStatus(resetCodes[code] ?? GrpcCode.INTERNAL, text);
}

const resetCodes: Readonly<Record<number, GrpcCode>> = {
  [ResetCode.REFUSED_STREAM]: GrpcCode.UNAVAILABLE,
  [ResetCode.CANCEL]: GrpcCode.CANCELLED,
  [ResetCode.ENHANCE_YOUR_CALM]: GrpcCode.RESOURCE_EXHAUSTED,
  [ResetCode.INADEQUATE_SECURITY]: GrpcCode.PERMISSION_DENIED,
};

/** Percent-encodes what a header cannot hold: everything but printable ASCII, and `%`. */
export function encodeMessage(message: string): string {
  // Spaces at the edges of a header value are forbidden.
  if (/^(?! )[\x20-\x24\x26-\x7e]*(?<! )$/.test(message)) return message;
  const bytes = Buffer.from(message);
  let text = "";
  for (const [i, byte] of bytes.entries()) {
    const inside = i > 0 && i < bytes.length - 1;
    const plain = byte > 0x20 && byte <= 0x7e && byte !== 0x25;
    text +=
      plain || (byte === 0x20 && inside)
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

/** Undoes {@link encodeMessage}; what is wrongly encoded stays as it is. */
export function decodeMessage(text: string): string {
  if (!text.includes("%")) return text;
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const hex = text.charAt(at) === "%" ? text.slice(at + 1, at + 3) : "";
    if (/^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      at += 2;
    } else {
      bytes.push(...Buffer.from(text.charAt(at)));
    }
  }
  return Buffer.from(bytes).toString();
}
