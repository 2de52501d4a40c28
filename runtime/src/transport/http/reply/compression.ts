import { brotliCompress, brotliCompressSync, constants, gzip, gzipSync } from "node:zlib";
import type { Header } from "../../header.ts";
import { bareType } from "../content/media-type.ts";
import { chooseOffer, parsePreferences } from "../content/negotiation.ts";
import type { EncodedReply } from "./reply.ts";

/** An encoding of replies. */
export type ContentEncoding = "br" | "gzip";

/** How a server compresses replies. */
export interface CompressionOptions {
  /** The smallest reply that is compressed, in bytes. Default: 1024. */
  readonly threshold?: number | undefined;
  /** What is offered to clients, the best first. Default: `br`, then `gzip`. */
  readonly encodings?: readonly ContentEncoding[] | undefined;
  /** From 1, fast, to 9, small; the same for all encodings. Default: 4. */
  readonly level?: number | undefined;
}

/** Takes a compressed body, or what went wrong. */
export type PackReceiver = (error: Error | null, bytes: Buffer) => void;

/** Larger bodies are compressed beside the event loop; for smaller ones the way there costs more than the work. */
const maxSyncBytes = 16 * 1024;

/** Compresses the replies of a server for clients that can read them. */
export class ReplyCompressor {
  readonly #threshold: number;
  readonly #offers: readonly (ContentEncoding | "identity")[];
  readonly #level: number;

  /** Throws a `TypeError` for a level or an encoding that there is not. */
  constructor({ threshold = 1024, encodings = ["br", "gzip"], level = 4 }: CompressionOptions) {
    if (!Number.isInteger(level) || level < 1 || level > 9) {
      throw new TypeError(`compression level "${level}" must be a whole number from 1 to 9`);
    }
    for (const encoding of encodings) {
      // Configuration may hold any text.
      if (encoding === "br" || encoding === "gzip") continue;
      throw new TypeError(`compression "${String(encoding)}" is not supported, use "br" or "gzip"`);
    }
    this.#threshold = threshold;
    this.#offers = [...encodings, "identity"];
    this.#level = level;
  }

  /** Whether a reply is large enough to be compressed. */
  concerns({ body }: EncodedReply): boolean {
    return body.length >= this.#threshold; // text is at least as many bytes as it has units
  }

  /**
   * Decides how a reply goes out; undefined: as it is. Where that depends on the client, notes it in `header`.
   * What a handler has encoded itself, or wants to keep as it is (`Cache-Control: no-transform`), stays.
   */
  negotiate(
    contentType: string,
    header: Header,
    acceptEncoding: string | undefined,
  ): ContentEncoding | undefined {
    if (
      !isCompressible(bareType(header.get("content-type") ?? contentType)) ||
      header.get("content-encoding") !== undefined ||
      mentions(header.values("cache-control"), "no-transform")
    ) {
      return undefined;
    }
    const varying = header.values("vary");
    if (!mentions(varying, "accept-encoding") && !mentions(varying, "*")) {
      header.add("Vary", "Accept-Encoding");
    }
    return this.#choose(acceptEncoding);
  }

  /** Compresses a body; at once when it is small. */
  pack(body: string | Uint8Array, encoding: ContentEncoding, receive: PackReceiver): void {
    const level = this.#level;
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    if (encoding === "br") {
      const params = {
        [constants.BROTLI_PARAM_QUALITY]: level,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      };
      if (bytes.length <= maxSyncBytes) receive(null, brotliCompressSync(bytes, { params }));
      else brotliCompress(bytes, { params }, receive);
    } else if (bytes.length <= maxSyncBytes) receive(null, gzipSync(bytes, { level }));
    else gzip(bytes, { level }, receive);
  }

  #choose(acceptEncoding: string | undefined): ContentEncoding | undefined {
    if (acceptEncoding === undefined) return undefined;
    const preferences = parsePreferences(acceptEncoding);
    const chosen = chooseOffer(preferences, this.#offers, specificity, "server");
    return chosen === "identity" ? undefined : chosen;
  }
}

/** 2: by its name, 0: as anything, -1: not. */
function specificity(name: string, offer: string): number {
  if (name === offer || (name === "x-gzip" && offer === "gzip")) return 2;
  return name === "*" ? 0 : -1;
}

/** Whether a type is likely to get smaller: images and archives are compressed already. */
function isCompressible(type: string): boolean {
  return (
    type.startsWith("text/") ||
    /^application\/(?:json|protojson|xml|yaml|javascript|wasm|(?:x-)?proto(?:buf)?)$/.test(type) ||
    /\+(?:json|xml|yaml)$/.test(type)
  );
}

/** Whether one of the members of lists in headers is this, in any case. */
function mentions(values: readonly string[], member: string): boolean {
  return values.some((value) =>
    value.split(",").some((each) => each.trim().toLowerCase() === member),
  );
}
