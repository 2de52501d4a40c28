import { findKnownError } from "../../errors/from-error.ts";
import { KratosError } from "../../errors/kratos-error.ts";

/**
 * What the client is told of something that was thrown. Errors that are meant for it stay; of any other,
 * `unexpected` is true and the client learns only that there was one.
 */
export function toReplyError(thrown: unknown): { error: KratosError; unexpected: boolean } {
  const known = findKnownError(thrown);
  if (known !== undefined) return { error: known, unexpected: false };
  const error = new KratosError(500, "UNKNOWN", "internal server error", { cause: thrown });
  return { error, unexpected: true };
}
