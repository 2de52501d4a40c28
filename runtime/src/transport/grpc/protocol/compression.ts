import { GrpcCode } from "../../../errors/grpc-code.ts";
import { unpackSync } from "./gzip.ts";
import { GrpcFailure } from "./status.ts";

/** The `grpc-accept-encoding` of this implementation. */
export const acceptedEncodings = "gzip,identity";

/** Whether messages in this `grpc-encoding` can be read. */
export function isKnownEncoding(encoding: string): boolean {
  return encoding === "gzip" || encoding === "identity";
}

/**
 * Unpacks a message that came with the compressed flag. Throws {@link GrpcFailure}: `UNIMPLEMENTED` for
 * an unknown encoding, `RESOURCE_EXHAUSTED` above `maxBytes`, `INTERNAL` for a flag without an encoding
 * and for bytes that are not what they should be.
 */
export function decompress(
  encoding: string | undefined,
  bytes: Uint8Array,
  maxBytes: number,
): Uint8Array {
  checkEncoding(encoding);
  return unpackSync(bytes, maxBytes);
}

/**
 * Throws what {@link decompress} throws for an encoding in which nothing can have been compressed; `unknown` is the
 * code for one that is not known.
 */
export function checkEncoding(
  encoding: string | undefined,
  unknown: GrpcCode = GrpcCode.UNIMPLEMENTED,
): void {
  if (encoding === undefined || encoding === "identity") {
    throw new GrpcFailure(GrpcCode.INTERNAL, "a compressed message came without a grpc-encoding");
  }
  if (!isKnownEncoding(encoding)) throw unknownEncoding(encoding, unknown);
}

/** Tells the other side which encodings it may use instead. */
export function unknownEncoding(
  encoding: string,
  code: GrpcCode = GrpcCode.UNIMPLEMENTED,
): GrpcFailure {
  return new GrpcFailure(
    code,
    `cannot read messages in the encoding "${encoding}", use one of ${acceptedEncodings}`,
    [["grpc-accept-encoding", acceptedEncodings]],
  );
}
