import { describe } from "./describe.ts";

/**
 * A value that does not fit its field, or bytes and text that are not a message.
 * The message reads `field "items[2].unit_price": expected an int64, got true`;
 * it is made for the caller of an API and never holds more than a short excerpt of the value.
 */
export class CodecError extends Error {
  override readonly name = "CodecError";
  /** Where, in proto names: `items[2].unit_price`, `labels["a"]`; empty for the message itself. */
  readonly path: string;
  /** What is wrong there, without the path. */
  readonly reason: string;

  constructor(reason: string, path = "", options?: ErrorOptions) {
    super(path === "" ? reason : `field "${path}": ${reason}`, options);
    this.reason = reason;
    this.path = path;
  }
}

/** Tells by shape, not `instanceof`, so that two installed copies of this package agree. */
export function isCodecError(error: unknown): error is CodecError {
  return (
    error instanceof Error &&
    error.name === "CodecError" &&
    "reason" in error &&
    typeof error.reason === "string" &&
    "path" in error &&
    typeof error.path === "string"
  );
}

/** The error of a value of the wrong type: `expected an int32, got true`. */
export function mismatch(expected: string, value: unknown): CodecError {
  return new CodecError(`expected ${expected}, got ${describe(value)}`);
}

/** The same error, one step further from where it happened; anything else is returned as it is. */
export function withSegment(error: unknown, segment: string): unknown {
  if (!isCodecError(error)) return error;
  const separator = error.path === "" || error.path.startsWith("[") ? "" : ".";
  return new CodecError(error.reason, segment + separator + error.path, { cause: error.cause });
}
