import type { Fields } from "../engine.ts";
import { ConnectionError, ErrorCode } from "./error-code.ts";
import {
  defaultFrameBytes,
  defaultWindow,
  FrameFlag,
  frameHeaderBytes,
  FrameType,
  maxWindow,
} from "./frame.ts";
import type { HpackEncoder } from "./hpack-encoder.ts";
import type { Output } from "./output.ts";
import { settingBytes } from "./settings.ts";

/** Payload that one connection sends before others get their turn, in bytes. */
const turnBytes = 1024 * 1024;

/** A stream with payload to send. */
export interface SendingStream {
  readonly id: number;
  /** Bytes that the peer lets this stream send. */
  sendWindow: number;
  /** Belongs to the sender. */
  waiting: boolean;
  /** Whether payload waits. */
  readonly hasQueued: boolean;
  /** Sends at most one frame of what waits; returns the size of its payload. */
  sendQueued(): number;
}

/** Writes the frames of one connection, and decides which stream may send next. */
export class Sender {
  /** Bytes that the peer lets all streams send together. */
  window: number = defaultWindow;
  /** What the window of a new stream is. */
  initialWindow: number = defaultWindow;
  /** DATA and HEADERS frames written. */
  framesSent = 0;
  readonly #output: Output;
  readonly #encoder: HpackEncoder;
  #waiting: SendingStream[] = [];
  #pumpScheduled = false;

  constructor(output: Output, encoder: HpackEncoder) {
    this.#output = output;
    this.#encoder = encoder;
  }

  /** Throws a `TypeError` for fields that cannot be sent. */
  checkHeaders(fields: Fields): void {
    this.#encoder.check(fields);
  }

  /** Sends a header block. Throws a `TypeError` for fields that cannot be sent; nothing was sent then. */
  sendHeaders(id: number, fields: Fields, endStream: boolean): void {
    const block = this.#encoder.encode(fields);
    this.framesSent++;
    const first = Math.min(block.length, defaultFrameBytes);
    const end = endStream ? FrameFlag.END_STREAM : FrameFlag.NONE;
    const whole = first === block.length ? FrameFlag.END_HEADERS : FrameFlag.NONE;
    this.#begin(first, FrameType.HEADERS, end | whole, id);
    this.#copy(block, 0, first);
    for (let at = first; at < block.length; at += defaultFrameBytes) {
      const next = Math.min(block.length, at + defaultFrameBytes);
      const flags = next === block.length ? FrameFlag.END_HEADERS : FrameFlag.NONE;
      this.#begin(next - at, FrameType.CONTINUATION, flags, id);
      this.#copy(block, at, next);
    }
  }

  /**
   * Sends what the windows allow of `bytes` from `start` on, up to `maxFrames` frames; returns where it stopped.
   * `endStream` goes onto the frame with the last byte.
   */
  sendData(
    stream: SendingStream,
    bytes: Uint8Array,
    start: number,
    endStream: boolean,
    maxFrames: number = Number.POSITIVE_INFINITY,
  ): number {
    let at = start;
    for (let frames = 0; at < bytes.length && frames < maxFrames; frames++) {
      const allowed = Math.min(this.window, stream.sendWindow, defaultFrameBytes);
      const length = Math.min(bytes.length - at, allowed);
      if (length <= 0 || this.#output.congested) break;
      const last = endStream && at + length === bytes.length;
      this.framesSent++;
      this.#begin(length, FrameType.DATA, last ? FrameFlag.END_STREAM : FrameFlag.NONE, stream.id);
      this.#copy(bytes, at, at + length);
      this.window -= length;
      stream.sendWindow -= length;
      at += length;
    }
    return at;
  }

  /** Ends a stream with a frame that holds nothing else. */
  sendEnd(id: number): void {
    this.#begin(0, FrameType.DATA, FrameFlag.END_STREAM, id);
  }

  sendReset(id: number, code: number): void {
    this.#begin(4, FrameType.RST_STREAM, FrameFlag.NONE, id);
    this.#uint32(code);
  }

  /** `settings` alternates ids and values. */
  sendSettings(settings: readonly number[]): void {
    this.#begin((settings.length / 2) * settingBytes, FrameType.SETTINGS, FrameFlag.NONE, 0);
    for (let i = 0; i + 1 < settings.length; i += 2) {
      this.#uint16(settings[i] as number);
      this.#uint32(settings[i + 1] as number);
    }
  }

  sendSettingsAck(): void {
    this.#begin(0, FrameType.SETTINGS, FrameFlag.ACK, 0);
  }

  /** `bytes` holds the eight bytes of payload from `start` on. */
  sendPing(bytes: Uint8Array, start: number, flags: number): void {
    this.#begin(8, FrameType.PING, flags, 0);
    this.#copy(bytes, start, start + 8);
  }

  sendWindowUpdate(id: number, increment: number): void {
    this.#begin(4, FrameType.WINDOW_UPDATE, FrameFlag.NONE, id);
    this.#uint32(increment);
  }

  /** `message` is ASCII, for whoever reads the client's log. */
  sendGoaway(lastId: number, code: number, message: string): void {
    const text = Buffer.from(message, "latin1");
    this.#begin(8 + text.length, FrameType.GOAWAY, FrameFlag.NONE, 0);
    this.#uint32(lastId);
    this.#uint32(code);
    this.#copy(text, 0, text.length);
  }

  /** The peer lets all streams send more. Throws when that makes the window too large. */
  widen(increment: number): void {
    this.window += increment;
    if (this.window > maxWindow) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, "a connection window above 2^31-1");
    }
    this.pump();
  }

  /** Lets `stream` send what waits as soon as that is possible. */
  wait(stream: SendingStream): void {
    if (stream.waiting || stream.sendWindow <= 0) return;
    stream.waiting = true;
    this.#waiting.push(stream);
  }

  /** Sends what waits, a frame of each stream in turn, as far as the windows and the socket allow. */
  pump(): void {
    let left = turnBytes;
    while (this.#waiting.length > 0 && this.window > 0 && !this.#output.congested) {
      if (left <= 0) {
        if (!this.#pumpScheduled) setImmediate(pumpScheduled, this);
        this.#pumpScheduled = true;
        return;
      }
      const stream = this.#waiting.shift() as SendingStream;
      stream.waiting = false;
      if (!stream.hasQueued) continue; // it died
      left -= stream.sendQueued();
      if (stream.hasQueued) this.wait(stream);
    }
  }

  /** {@link pump}, in a turn of its own. */
  pumpTurn(): void {
    this.#pumpScheduled = false;
    this.pump();
  }

  /** The connection is gone. */
  clear(): void {
    this.#waiting = [];
  }

  #begin(length: number, type: number, flags: number, id: number): void {
    const output = this.#output;
    output.reserve(frameHeaderBytes + length);
    const { buffer, at } = output;
    buffer[at] = length >> 16;
    buffer[at + 1] = length >> 8;
    buffer[at + 2] = length;
    buffer[at + 3] = type;
    buffer[at + 4] = flags;
    buffer[at + 5] = id >> 24;
    buffer[at + 6] = id >> 16;
    buffer[at + 7] = id >> 8;
    buffer[at + 8] = id;
    output.at = at + frameHeaderBytes;
  }

  #copy(bytes: Uint8Array, start: number, end: number): void {
    const output = this.#output;
    const { buffer, at } = output;
    const length = end - start;
    // A call into the engine's memcpy takes longer than a few bytes do.
    if (length <= 16) {
      for (let i = 0; i < length; i++) buffer[at + i] = bytes[start + i] as number;
    } else {
      buffer.set(length === bytes.length ? bytes : bytes.subarray(start, end), at);
    }
    output.at = at + length;
  }

  #uint16(value: number): void {
    const output = this.#output;
    output.buffer[output.at++] = value >> 8;
    output.buffer[output.at++] = value;
  }

  #uint32(value: number): void {
    this.#uint16(value >>> 16);
    this.#uint16(value);
  }
}

function pumpScheduled(sender: Sender): void {
  sender.pumpTurn();
}
