import { ConnectionError, ErrorCode } from "./error-code.ts";
import { defaultFrameBytes, FrameFlag, frameHeaderBytes, FrameType, readUint31 } from "./frame.ts";

/** What a {@link FrameReader} tells. Bytes are valid during the call only. */
export interface FrameSink {
  /** A frame begins; throws when it must not. */
  onFrameHeader(type: number, flags: number, id: number): void;
  /** A whole frame that is not DATA. */
  onFrame(
    type: number,
    flags: number,
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void;
  /** A DATA frame begins; `length` counts padding. */
  onDataStart(flags: number, id: number, length: number): void;
  /** Some payload of the DATA frame. */
  onDataBytes(bytes: Uint8Array, start: number, end: number): void;
  /** Bytes of the DATA frame that are no payload. */
  onDataPadding(length: number): void;
  onDataEnd(): void;
}

/**
 * Cuts bytes into frames. Frames that lie within the bytes are handed on where they are, payload of DATA
 * always; other frames that are cut in two are put together, in a buffer of their size.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  /** The part of a header that came last time. */
  readonly #head = new Uint8Array(frameHeaderBytes);
  #headLength = 0;
  /** The frame that is being put together. */
  #stash: Uint8Array | undefined = undefined;
  #stashed = 0;
  #inData = false;
  /** Payload of the DATA frame that is to come, its padding, and whether that is unknown yet. */
  #dataLeft = 0;
  #paddingLeft = 0;
  #paddingUnknown = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Takes the next bytes, from `start` on. Throws a {@link ConnectionError} for frames that cannot be. */
  push(bytes: Uint8Array, start: number): void {
    let at = start;
    const end = bytes.length;
    if (this.#inData) at = this.#readData(bytes, at);
    else if (this.#stash !== undefined) at = this.#fillStash(bytes, at);
    if (this.#headLength > 0 && at < end) at = this.#fillHead(bytes, at);
    while (end - at >= frameHeaderBytes) {
      at = this.#readFrame(bytes, at, bytes, at + frameHeaderBytes);
    }
    while (at < end) this.#head[this.#headLength++] = bytes[at++] as number;
  }

  /** Reads the frame whose header is in `head`; its payload begins in `bytes`. Returns where to go on. */
  #readFrame(head: Uint8Array, headAt: number, bytes: Uint8Array, at: number): number {
    const length =
      ((head[headAt] as number) << 16) |
      ((head[headAt + 1] as number) << 8) |
      (head[headAt + 2] as number);
    const type = head[headAt + 3] as number;
    const flags = head[headAt + 4] as number;
    const id = readUint31(head, headAt + 5);
    const sink = this.#sink;
    if (length > defaultFrameBytes) {
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `a frame of ${length} bytes`);
    }
    sink.onFrameHeader(type, flags, id);
    const end = at + length;
    if (type === FrameType.DATA) {
      sink.onDataStart(flags, id, length);
      this.#dataLeft = length;
      this.#paddingLeft = 0;
      this.#paddingUnknown = (flags & FrameFlag.PADDED) !== 0;
      if (this.#paddingUnknown && length === 0) {
        throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, "padded DATA without a length");
      }
      return this.#readData(bytes, at);
    }
    if (end <= bytes.length) {
      sink.onFrame(type, flags, id, bytes, at, end);
      return end;
    }
    const stash = Buffer.allocUnsafe(frameHeaderBytes + length);
    for (let i = 0; i < frameHeaderBytes; i++) stash[i] = head[headAt + i] as number;
    this.#stash = stash;
    this.#stashed = frameHeaderBytes;
    return this.#fillStash(bytes, at);
  }

  #readData(bytes: Uint8Array, start: number): number {
    let at = start;
    const available = bytes.length;
    this.#inData = true;
    if (this.#paddingUnknown) {
      if (at === available) return at;
      const padding = bytes[at++] as number;
      this.#paddingUnknown = false;
      if (padding >= this.#dataLeft) {
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "DATA with more padding than payload");
      }
      this.#dataLeft -= padding + 1;
      this.#paddingLeft = padding;
      this.#sink.onDataPadding(padding + 1);
    }
    const length = Math.min(this.#dataLeft, available - at);
    if (length > 0) {
      this.#dataLeft -= length;
      this.#sink.onDataBytes(bytes, at, at + length);
      at += length;
    }
    if (this.#dataLeft > 0) return at;
    const padding = Math.min(this.#paddingLeft, available - at);
    this.#paddingLeft -= padding;
    at += padding;
    if (this.#paddingLeft > 0) return at;
    this.#inData = false;
    this.#sink.onDataEnd();
    return at;
  }

  #fillHead(bytes: Uint8Array, start: number): number {
    let at = start;
    while (this.#headLength < frameHeaderBytes && at < bytes.length) {
      this.#head[this.#headLength++] = bytes[at++] as number;
    }
    if (this.#headLength < frameHeaderBytes) return at;
    this.#headLength = 0;
    return this.#readFrame(this.#head, 0, bytes, at);
  }

  #fillStash(bytes: Uint8Array, start: number): number {
    const stash = this.#stash as Uint8Array;
    const length = Math.min(stash.length - this.#stashed, bytes.length - start);
    stash.set(bytes.subarray(start, start + length), this.#stashed);
    this.#stashed += length;
    if (this.#stashed === stash.length) {
      this.#stash = undefined;
      const id = readUint31(stash, 5);
      const [type, flags] = [stash[3] as number, stash[4] as number];
      this.#sink.onFrame(type, flags, id, stash, frameHeaderBytes, stash.length);
    }
    return start + length;
  }
}
