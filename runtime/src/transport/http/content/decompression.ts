import type { Transform } from "node:stream";
import {
  brotliDecompress,
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  gunzip,
  gunzipSync,
  inflate,
  inflateRaw,
  inflateRawSync,
  inflateSync,
  type InputType,
  type ZlibOptions,
} from "node:zlib";
import { KratosError } from "../../../errors/kratos-error.ts";
import { bindingError, excerpt } from "../binding-error.ts";

class ContentEncodingError extends KratosError<"CODEC"> {
  constructor(contentEncoding: string) {
    const message = `content encoding ${excerpt(contentEncoding)} is not supported, use one of "gzip", "deflate", "br", or none`;
    super(415, "CODEC", message);
  }
}

/** A request's content encoding that can be undone. */
export type Unpacker = (bytes: Buffer, limit: number, receive: UnpackReceiver) => void;

/** Takes what was unpacked, or what is wrong with it. */
export type UnpackReceiver = (error: KratosError | undefined, bytes: Buffer) => void;

/** Up to here the way to another thread costs more than the work; a bomb costs no more than its first part. */
const maxSyncBytes = 16 * 1024;
const maxSyncOutput = 256 * 1024;

/**
 * Finds what undoes a `Content-Encoding`; undefined: the body comes as it is. Throws 415 `CODEC` for what is
 * not known, and for several encodings on top of each other, which only bombs have.
 */
export function findUnpacker(contentEncoding: string | undefined): Unpacker | undefined {
  if (contentEncoding === undefined) return undefined;
  switch (contentEncoding.trim().toLowerCase()) {
    case "":
    case "identity":
      return undefined;
    case "gzip":
    case "x-gzip":
      return unpackGzip;
    case "deflate":
      return unpackDeflate;
    case "br":
      return unpackBrotli;
    default:
      throw new ContentEncodingError(contentEncoding);
  }
}

/**
 * What to send as `Accept-Encoding` beside an error: there when it is the encoding of a request that is at fault, and
 * not its content type (RFC 9110, section 12.5.3).
 */
export function findAcceptEncoding(error: KratosError): string | undefined {
  return error instanceof ContentEncodingError ? "gzip, deflate, br" : undefined;
}

/**
 * As {@link findUnpacker}, for a body of any length that is read as it comes. What is not in the encoding is an
 * error of the stream; see {@link unpackError}.
 */
export function createUnpackStream(contentEncoding: string | undefined): Transform | undefined {
  switch (findUnpacker(contentEncoding)) {
    case undefined:
      return undefined;
    case unpackBrotli:
      return createBrotliDecompress();
    case unpackDeflate:
      return createInflate();
    default:
      return createGunzip();
  }
}

/** 400 `CODEC` for what a stream of {@link createUnpackStream} cannot read. */
export function unpackError(error: Error): KratosError {
  return bindingError(`the body is not in its content encoding: ${error.message}`, error);
}

/** 413 `BODY_TOO_LARGE`: more than `limit` bytes. */
export function bodyTooLarge(limit: number): KratosError {
  return new KratosError(413, "BODY_TOO_LARGE", `the body is larger than ${limit} bytes`);
}

interface Codec {
  readonly name: string;
  readonly unpack: (
    bytes: InputType,
    options: ZlibOptions,
    receive: (error: Error | null, bytes: Buffer) => void,
  ) => void;
  readonly unpackSync: (bytes: InputType, options: ZlibOptions) => Buffer;
}

const gzipCodec: Codec = { name: "gzip", unpack: gunzip, unpackSync: gunzipSync };
const zlibCodec: Codec = { name: "deflate", unpack: inflate, unpackSync: inflateSync };
const rawCodec: Codec = { name: "deflate", unpack: inflateRaw, unpackSync: inflateRawSync };
const brotliCodec: Codec = {
  name: "br",
  unpack: brotliDecompress,
  unpackSync: brotliDecompressSync,
};

function unpackGzip(bytes: Buffer, limit: number, receive: UnpackReceiver): void {
  unpackWith(gzipCodec, bytes, limit, receive);
}

function unpackBrotli(bytes: Buffer, limit: number, receive: UnpackReceiver): void {
  unpackWith(brotliCodec, bytes, limit, receive);
}

/** The name stands for two formats, since clients never agreed on what RFC 9110 means by it. */
function unpackDeflate(bytes: Buffer, limit: number, receive: UnpackReceiver): void {
  const isZlib = bytes.length >= 2 && (bytes[0]! & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;
  unpackWith(isZlib ? zlibCodec : rawCodec, bytes, limit, receive);
}

function unpackWith(codec: Codec, bytes: Buffer, limit: number, receive: UnpackReceiver): void {
  if (bytes.length === 0) {
    receive(undefined, bytes);
    return;
  }
  if (bytes.length <= maxSyncBytes) {
    let unpacked: Buffer;
    try {
      unpacked = codec.unpackSync(bytes, { maxOutputLength: Math.min(limit, maxSyncOutput) });
    } catch (error) {
      if (!isTooLarge(error) || limit <= maxSyncOutput) {
        receive(toError(codec, error as Error, limit), empty);
        return;
      }
      unpackBeside(codec, bytes, limit, receive);
      return;
    }
    receive(undefined, unpacked);
    return;
  }
  unpackBeside(codec, bytes, limit, receive);
}

/** In another thread; it stops as soon as the limit is passed. */
function unpackBeside(codec: Codec, bytes: Buffer, limit: number, receive: UnpackReceiver): void {
  codec.unpack(bytes, { maxOutputLength: limit }, (error, unpacked) => {
    if (error === null) receive(undefined, unpacked);
    else receive(toError(codec, error, limit), empty);
  });
}

const empty = Buffer.alloc(0);

function toError({ name }: Codec, error: Error, limit: number): KratosError {
  if (isTooLarge(error)) return bodyTooLarge(limit);
  return bindingError(`the body is not ${name}: ${error.message}`, error);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}
