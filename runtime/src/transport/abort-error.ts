import { findKratosError, KratosError } from "../errors/kratos-error.ts";

/**
 * What a call fails with that its caller's signal ended, by the signal's reason: a KratosError as it is (the
 * end of the call inside which this one was made), 504 for a timeout, else 499.
 */
export function toAbortError(reason: unknown): KratosError {
  const known = findKratosError(reason);
  if (known !== undefined) return known;
  return reason instanceof Error && reason.name === "TimeoutError"
    ? tooLate("the call took longer than its signal allows", reason)
    : new KratosError(499, "CLIENT_CLOSED", "the call was aborted", { cause: reason });
}

/** A call took longer than it may. */
export function tooLate(message: string, cause?: unknown): KratosError {
  const options = cause === undefined ? {} : { cause };
  return new KratosError(504, "DEADLINE_EXCEEDED", message, options);
}
