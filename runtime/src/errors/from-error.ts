import { findCause, findKratosError, KratosError } from "./kratos-error.ts";
import { fromGrpcStatus } from "./status-details.ts";
import { textOf } from "./text-of.ts";

/**
 * Turns whatever was thrown into a {@link KratosError} (Kratos's `errors.FromError`). In this order:
 * 1. the first KratosError in `error` and its causes, unchanged;
 * 2. an error of a gRPC client (`@grpc/grpc-js`), or one that it caused: code by the gRPC table, reason and
 *    metadata from its `google.rpc.ErrorInfo`;
 * 3. an aborted call gives 499, a timeout 504 (by the names `AbortError` and `TimeoutError`);
 * 4. anything else gives 500 with an empty reason and the error's text.
 * In cases 2 to 4 `error` is the cause of the result.
 */
export function fromError(error: unknown): KratosError {
  return findKnownError(error) ?? new KratosError(500, "", textOf(error), { cause: error });
}

/** Cases 1 to 3 of {@link fromError}: `undefined` for an error that nothing is known about. Never throws. */
export function findKnownError(error: unknown): KratosError | undefined {
  try {
    return findKnown(error);
  } catch {
    return undefined; // a getter or proxy that throws when it is looked at
  }
}

function findKnown(error: unknown): KratosError | undefined {
  const kratos = findKratosError(error);
  if (kratos !== undefined) return kratos;
  const grpc = findCause(error, isGrpcError);
  if (grpc !== undefined) {
    return fromGrpcStatus(grpc.code, grpc.details, findDetailBytes(grpc)).withCause(error);
  }
  const ended = findCause(error, isEndedCall);
  if (ended === undefined) return undefined;
  return new KratosError(ended.name === "AbortError" ? 499 : 504, "", ended.message, {
    cause: error,
  });
}

/** The HTTP-like code of what was thrown (Kratos's `errors.Code`); 200 when nothing was. */
export function errorCode(error: unknown): number {
  return error === undefined || error === null ? 200 : fromError(error).code;
}

/** The reason of what was thrown (Kratos's `errors.Reason`); empty when nothing was, or it has none. */
export function errorReason(error: unknown): string {
  return error === undefined || error === null ? "" : fromError(error).reason;
}

/** What `@grpc/grpc-js` rejects calls with. */
interface GrpcError extends Error {
  readonly code: number;
  readonly details: string;
  readonly metadata: { get(key: string): unknown };
}

function isGrpcError(error: unknown): error is GrpcError {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "number" &&
    "details" in error &&
    typeof error.details === "string" &&
    "metadata" in error &&
    typeof error.metadata === "object" &&
    error.metadata !== null &&
    "get" in error.metadata &&
    typeof error.metadata.get === "function"
  );
}

function findDetailBytes(error: GrpcError): Uint8Array | undefined {
  const values = error.metadata.get("grpc-status-details-bin");
  const first: unknown = Array.isArray(values) ? values[0] : values;
  return first instanceof Uint8Array ? first : undefined;
}

function isEndedCall(error: unknown): error is Error {
  return error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
}
