import type { ClientRequest, IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type * as zlib from "node:zlib";
import { KratosError } from "../../../errors/kratos-error.ts";
import { type AbortSource, type IncomingReply, SendError } from "./client-sender.ts";
import { HeaderMap } from "../header-map.ts";

/** A reply that Node's `http` received. */
export class NodeReply implements IncomingReply {
  readonly status: number;
  readonly statusText: string;
  readonly header: HeaderMap;
  readonly #request: ClientRequest;
  readonly #response: IncomingMessage;
  readonly #zlib: typeof zlib;
  readonly #call: AbortSource;

  constructor(
    request: ClientRequest,
    response: IncomingMessage,
    unpackers: typeof zlib,
    call: AbortSource,
  ) {
    this.status = response.statusCode ?? 0;
    this.statusText = response.statusMessage ?? "";
    this.header = HeaderMap.fromRaw(response.rawHeaders);
    this.#request = request;
    this.#response = response;
    // A body that ends with its connection would seem whole when that is reset.
    request.on("error", (error) => {
      if (!response.complete) response.destroy(error);
    });
    this.#zlib = unpackers;
    this.#call = call;
  }

  bytes(limit: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const reading = new BodyReading(limit, resolve, (error) => {
        this.discard();
        reject(this.#failure(error));
      });
      this.#call.onAbort(() => reading.fail(this.#call.signal.reason));
      try {
        reading.follow(this.#unpacked((error) => reading.fail(error)));
      } catch (error) {
        reading.fail(error);
      }
    });
  }

  async *pieces(): AsyncIterable<Uint8Array> {
    this.#call.onAbort(() => this.discard());
    try {
      const body = this.#unpacked((error) => body.destroy(error));
      for await (const piece of body) yield piece as Uint8Array;
    } catch (error) {
      throw this.#failure(error);
    } finally {
      this.discard();
    }
  }

  discard(): void {
    this.#call.onAbort(undefined);
    if (!this.#response.complete) this.#request.destroy();
    else this.#response.resume();
  }

  /** The body as the service wrote it. `onCut` hears of one that ends too early. */
  #unpacked(onCut: (error: Error) => void): Readable {
    const response = this.#response;
    const unpacker = this.#hasBody
      ? this.#findUnpacker(this.header.get("content-encoding")?.toLowerCase())
      : undefined;
    if (unpacker === undefined) return response;
    response.on("error", onCut);
    return response.pipe(unpacker);
  }

  /** False where nothing follows the head, whatever that says of how it is packed. */
  get #hasBody(): boolean {
    const bare = this.status === 204 || this.status === 304 || this.#request.method === "HEAD";
    return !bare && this.header.get("content-length") !== "0";
  }

  #findUnpacker(encoding: string | undefined): zlib.Gunzip | zlib.BrotliDecompress | undefined {
    switch (encoding) {
      case undefined:
      case "":
      case "identity":
        return undefined;
      case "gzip":
      case "x-gzip":
      case "deflate":
        return this.#zlib.createUnzip();
      case "br":
        return this.#zlib.createBrotliDecompress();
      default:
        throw new KratosError(
          500,
          "CODEC",
          `the reply is packed as "${encoding}", not as gzip or br`,
        );
    }
  }

  #failure(error: unknown): unknown {
    if (this.#call.aborted) return this.#call.signal.reason;
    if (error instanceof KratosError) return error;
    if (!isUnpackError(error)) return new SendError("unknown", error);
    const message = `the reply cannot be unpacked: ${error.message}`;
    return new KratosError(500, "CODEC", message, { cause: error });
  }
}

/** Whether zlib or its brotli found fault with what it got. */
function isUnpackError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^(?:Z_|ERR__)/.test(String(error.code));
}

/** Puts the pieces of a body together. */
class BodyReading {
  readonly #limit: number;
  readonly #resolve: (bytes: Uint8Array) => void;
  readonly #reject: (error: unknown) => void;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #ended = false;

  constructor(
    limit: number,
    resolve: (bytes: Uint8Array) => void,
    reject: (error: unknown) => void,
  ) {
    this.#limit = limit;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  follow(body: Readable): void {
    body.on("data", (chunk: Buffer) => this.#add(chunk));
    body.once("end", () => this.#finish());
    body.on("error", (error) => this.fail(error));
    body.once("close", () => this.fail(new Error("the reply ended too early")));
  }

  fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reject(error);
  }

  #add(chunk: Buffer): void {
    if (this.#ended) return;
    this.#size += chunk.length;
    if (this.#size > this.#limit) {
      const message = `the reply is larger than the limit of ${this.#limit} bytes`;
      this.fail(new KratosError(500, "CODEC", message));
      return;
    }
    this.#chunks.push(chunk);
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    const [first = Buffer.alloc(0)] = this.#chunks;
    this.#resolve(this.#chunks.length <= 1 ? first : Buffer.concat(this.#chunks, this.#size));
  }
}
