import { gunzipSync } from "node:zlib";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import { GrpcFailure } from "./status.ts";

/** The `grpc-accept-encoding` of this implementation. Messages are taken compressed, and sent as they are. */
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
  if (encoding === undefined || encoding === "identity") {
    throw new GrpcFailure(GrpcCode.INTERNAL, "a compressed message came without a grpc-encoding");
  }
  if (!isKnownEncoding(encoding)) throw unknownEncoding(encoding);
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new GrpcFailure(
        GrpcCode.RESOURCE_EXHAUSTED,
        `a message is larger, uncompressed, than the limit of ${maxBytes} bytes`,
      );
    }
    throw new GrpcFailure(GrpcCode.INTERNAL, "a message could not be decompressed as gzip");
  }
}

/** Tells the other side which encodings it may use instead. */
export function unknownEncoding(encoding: string): GrpcFailure {
  return new GrpcFailure(
    GrpcCode.UNIMPLEMENTED,
    `cannot read messages in the encoding "${encoding}", use one of ${acceptedEncodings}`,
    [["grpc-accept-encoding", acceptedEncodings]],
  );
}
