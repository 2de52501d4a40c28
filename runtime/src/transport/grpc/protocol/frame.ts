/** Bytes before each message: one of flags, four of length (big endian). */
export const framePrefixBytes = 5;

/** What is wrong with the bytes that a peer sent. */
export type FrameProblem = "flags" | "tooLarge" | "truncated";

/** The bytes of a peer are not a sequence of length-prefixed messages, or a message is too large. */
export class FrameError extends Error {
  override readonly name = "FrameError";
  readonly problem: FrameProblem;

  constructor(problem: FrameProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/** Takes the messages that a {@link FrameReader} found. */
export interface MessageSink {
  /** One whole message; `bytes` may be reused once this returns. */
  onMessage(bytes: Uint8Array, start: number, end: number, compressed: boolean): void;
}

/**
 * Finds length-prefixed messages in chunks that are cut anywhere. A message that lies in one chunk is
 * handed on where it lies; memory for one that does not grows with what has arrived, not with the length
 * that the peer claims.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #prefixSeen = 0;
  #flags = 0;
  #length = 0;
  #body: Uint8Array = empty;
  #bodySeen = 0;

  /** `maxBytes`: the largest message that is taken. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Reads a chunk. Throws {@link FrameError}; the reader is of no use after that. */
  push(bytes: Uint8Array, start: number, end: number, sink: MessageSink): void {
    let at = start;
    while (at < end) {
      if (this.#prefixSeen < framePrefixBytes) {
        at = this.#readPrefix(bytes, at, end);
        if (this.#prefixSeen < framePrefixBytes) return;
      }
      const missing = this.#length - this.#bodySeen;
      if (end - at < missing) {
        this.#keep(bytes, at, end);
        return;
      }
      const compressed = this.#flags === 1;
      if (this.#bodySeen === 0) {
        this.#reset();
        sink.onMessage(bytes, at, at + missing, compressed);
      } else {
        this.#keep(bytes, at, at + missing);
        const [body, length] = [this.#body, this.#bodySeen];
        this.#reset();
        // Out of reach while it is looked at, and there again for the next message that comes in parts.
        this.#body = empty;
        sink.onMessage(body, 0, length, compressed);
        if (body.length <= maxKept) this.#body = body;
      }
      at += missing;
    }
  }

  /** Throws {@link FrameError} when the bytes ended inside a message. */
  end(): void {
    if (this.#prefixSeen > 0) {
      throw new FrameError("truncated", "the stream ended inside a message");
    }
  }

  #readPrefix(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (this.#prefixSeen < framePrefixBytes && at < end) {
      const byte = bytes[at++] as number;
      if (this.#prefixSeen++ === 0) this.#flags = byte;
      else this.#length = this.#length * 256 + byte;
    }
    if (this.#flags > 1) {
      throw new FrameError("flags", `a message began with the unknown flags ${this.#flags}`);
    }
    if (this.#prefixSeen === framePrefixBytes && this.#length > this.#maxBytes) {
      throw new FrameError(
        "tooLarge",
        `a message of ${this.#length} bytes is larger than the limit of ${this.#maxBytes} bytes`,
      );
    }
    return at;
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const size = this.#bodySeen + end - start;
    if (size > this.#body.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(this.#length, Math.max(size * 2, 1024)));
      grown.set(this.#body.subarray(0, this.#bodySeen));
      this.#body = grown;
    }
    this.#body.set(bytes.subarray(start, end), this.#bodySeen);
    this.#bodySeen = size;
  }

  #reset(): void {
    this.#prefixSeen = 0;
    this.#length = 0;
    this.#bodySeen = 0;
  }
}

const empty = new Uint8Array(0);

/** Memory for messages that come in parts is kept up to this size while the stream lives. */
const maxKept = 128 * 1024;

/**
 * Writes the prefix into the first five bytes of `frame`, whose rest is one uncompressed message,
 * and returns `frame`.
 */
export function fillPrefix(frame: Uint8Array): Uint8Array {
  const length = frame.length - framePrefixBytes;
  frame[0] = 0;
  frame[1] = length >>> 24;
  frame[2] = (length >>> 16) & 0xff;
  frame[3] = (length >>> 8) & 0xff;
  frame[4] = length & 0xff;
  return frame;
}
