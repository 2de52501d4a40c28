import { gunzip, gunzipSync, gzip, gzipSync } from "node:zlib";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import { fillPrefix, framePrefixBytes } from "./frame.ts";
import { GrpcFailure } from "./status.ts";

/** How messages are compressed. */
export interface GrpcCompressionOptions {
  /** The smallest message that is compressed, in bytes. Default: 1024. */
  readonly threshold?: number | undefined;
  /** From 1, fast, to 9, small. Default: 4. */
  readonly level?: number | undefined;
}

/** Larger messages are packed beside the event loop; for smaller ones the way there costs more than the work. */
const maxSyncPack = 16 * 1024;

/** The same for unpacking, where what comes out may be a thousand times as large: what goes in, and what comes out. */
const maxSyncUnpack = 1024;
const maxSyncPlain = 32 * 1024;

/** Compresses messages for peers that can read them, as gzip. */
export class GzipPacker {
  readonly #threshold: number;
  readonly #level: number;

  /** Throws a `TypeError` for a level that there is not. */
  constructor({ threshold = 1024, level = 4 }: GrpcCompressionOptions) {
    if (!Number.isInteger(level) || level < 1 || level > 9) {
      throw new TypeError(`compression level "${level}" must be a whole number from 1 to 9`);
    }
    this.#threshold = threshold;
    this.#level = level;
  }

  /**
   * A frame with the message of `frame` compressed, or `frame` itself where that is too small, or would become no
   * smaller.
   */
  pack(frame: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const size = frame.length - framePrefixBytes;
    if (size < this.#threshold) return frame;
    const message = frame.subarray(framePrefixBytes);
    const options = { level: this.#level };
    if (size <= maxSyncPack) return toFrame(gzipSync(message, options), frame);
    return new Promise((resolve, reject) => {
      gzip(message, options, (error, packed) => {
        if (error === null) resolve(toFrame(packed, frame));
        else reject(error);
      });
    });
  }
}

/** Whether a peer's `grpc-accept-encoding` has gzip. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  return acceptEncoding !== undefined && /(?:^|[,\s])gzip(?:$|[,\s;])/.test(acceptEncoding);
}

function toFrame(packed: Uint8Array, plain: Uint8Array): Uint8Array {
  if (packed.length + framePrefixBytes >= plain.length) return plain;
  const frame = Buffer.allocUnsafe(framePrefixBytes + packed.length);
  frame.set(packed, framePrefixBytes);
  fillPrefix(frame);
  frame[0] = 1;
  return frame;
}

/**
 * Unpacks a message of gzip; at once when it is small. `bytes` must stay as they are until then. Fails with a
 * {@link GrpcFailure}: `RESOURCE_EXHAUSTED` above `maxBytes`, of which no more is unpacked, `INTERNAL` for bytes
 * that are no gzip.
 */
export function unpack(bytes: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array> {
  if (bytes.length <= maxSyncUnpack) {
    if (maxBytes <= maxSyncPlain) return unpackSync(bytes, maxBytes);
    try {
      return gunzipSync(bytes, { maxOutputLength: maxSyncPlain });
    } catch (error) {
      if (!(error instanceof RangeError)) throw toFailure(error, maxBytes);
    }
  }
  return new Promise((resolve, reject) => {
    gunzip(bytes, { maxOutputLength: limit(maxBytes) }, (error, plain) => {
      if (error === null) resolve(plain);
      else reject(toFailure(error, maxBytes));
    });
  });
}

/** As {@link unpack}, but at once, however large. */
export function unpackSync(bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: limit(maxBytes) });
  } catch (error) {
    throw toFailure(error, maxBytes);
  }
}

/** Node wants at least a byte. */
function limit(maxBytes: number): number {
  return Math.max(1, maxBytes);
}

function toFailure(error: unknown, maxBytes: number): GrpcFailure {
  if (error instanceof RangeError) {
    return new GrpcFailure(
      GrpcCode.RESOURCE_EXHAUSTED,
      `a message is larger, uncompressed, than the limit of ${maxBytes} bytes`,
    );
  }
  return new GrpcFailure(GrpcCode.INTERNAL, "a message could not be decompressed as gzip");
}
