import { GrpcCode } from "./grpc-code.ts";
import { type ErrorDetail, KratosError } from "./kratos-error.ts";

/**
 * The error as its types promise it, for what writes it to a wire. Errors of another copy of this package,
 * and those that plain JavaScript makes, may hold what the types forbid: that becomes text, and what has no
 * value is left out. Never throws; returns `error` itself when nothing is wrong with it.
 */
export function toWireError(error: KratosError): KratosError {
  const { code, reason, message } = error;
  // Read once: a getter might not give the same again.
  const metadata: unknown = error.metadata;
  const details: unknown = error.details;
  const grpcCode: unknown = error.grpcCode;
  const isSound =
    typeof message === "string" &&
    typeof metadata === "object" &&
    metadata !== null &&
    Object.values(metadata).every((value) => typeof value === "string") &&
    Array.isArray(details) &&
    details.every(isDetail) &&
    (grpcCode === undefined || isFailureCode(grpcCode));
  return isSound
    ? error
    : new KratosError(code, reason, toText(message), {
        metadata: toTextMap(metadata),
        details: Array.isArray(details) ? details.filter(isDetail) : [],
        grpcCode: isFailureCode(grpcCode) ? grpcCode : undefined,
      });
}

/** Whether it is a code of gRPC that can be told of an error: any but `OK`. */
export function isFailureCode(value: unknown): value is GrpcCode {
  return (
    typeof value === "number" &&
    Number.isInteger(value) &&
    value > GrpcCode.OK &&
    value <= GrpcCode.UNAUTHENTICATED
  );
}

function isDetail(value: unknown): value is ErrorDetail {
  if (typeof value !== "object" || value === null) return false;
  const { typeUrl, value: bytes } = value as Partial<ErrorDetail>;
  return typeof typeUrl === "string" && bytes instanceof Uint8Array;
}

/** The entries of any object that have a value, as text. Never throws. */
export function toTextMap(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const entries = Object.entries(value).filter(([, v]) => v !== null && v !== undefined);
  return Object.fromEntries(entries.map(([key, v]) => [key, toText(v)]));
}

function toText(value: unknown): string {
  if (value === undefined || value === null) return "";
  try {
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  } catch {
    return "a value without a text"; // it holds itself, or a bigint, or is hostile
  }
}
