import type * as zlib from "node:zlib";
import type { HeaderMap } from "../header-map.ts";
import type { EncodedRequest } from "./client-route.ts";

/** How a client compresses what it sends. */
export interface ClientCompressionOptions {
  /** The smallest body that is compressed, in bytes. Default: 1024. */
  readonly threshold?: number | undefined;
  /** From 1, fast, to 9, small. Default: 4. */
  readonly level?: number | undefined;
}

/** Larger bodies are compressed beside the event loop; for smaller ones the way there costs more than the work. */
const maxSyncBytes = 16 * 1024;

/** Compresses the messages of a client with gzip, which nearly every server that unpacks requests knows. */
export class RequestCompressor {
  readonly #zlib: typeof zlib;
  readonly #threshold: number;
  readonly #level: number;

  /** Throws a `TypeError` for a level that there is not. */
  constructor(module: typeof zlib, { threshold = 1024, level = 4 }: ClientCompressionOptions) {
    if (!Number.isInteger(level) || level < 1 || level > 9) {
      throw new TypeError(`compression level "${level}" must be a whole number from 1 to 9`);
    }
    this.#zlib = module;
    this.#threshold = threshold;
    this.#level = level;
  }

  /**
   * Whether a request is to be compressed: a message of some size that nobody has encoded before. Bytes of the
   * caller's own stay as they are, since images and archives are compressed already.
   */
  concerns({ body, contentType }: EncodedRequest, header: HeaderMap): boolean {
    return (
      body !== undefined &&
      contentType === undefined &&
      body.length >= this.#threshold && // text is at least as many bytes as it has units
      header.get("content-encoding") === undefined
    );
  }

  /** The same request with a compressed body. */
  async pack(request: EncodedRequest): Promise<EncodedRequest> {
    const { body = "" } = request;
    const packed = await this.#gzip(body);
    return { ...request, body: packed, contentEncoding: "gzip" };
  }

  #gzip(body: string | Uint8Array): Buffer | Promise<Buffer> {
    const options = { level: this.#level };
    if (body.length <= maxSyncBytes) return this.#zlib.gzipSync(body, options);
    return new Promise((resolve, reject) => {
      this.#zlib.gzip(body, options, (error, packed) => {
        if (error === null) resolve(packed);
        else reject(error);
      });
    });
  }
}
