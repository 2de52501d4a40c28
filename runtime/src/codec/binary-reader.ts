import { CodecError } from "./codec-error.ts";
import { checkDepth } from "./nesting.ts";
import { tagOf, Wire } from "./wire.ts";

/** Up to this length bytes are copied here; beyond it a call into Node pays off. */
const SHORT = 24;

/**
 * Reads protobuf's wire format from part of a byte array, checking every bound.
 * What it returns is never a view of the input: transports reuse theirs, and a few bytes that somebody
 * keeps would hold on to all that came with them.
 */
export class BinaryReader {
  position: number;
  private readonly bytes: Uint8Array;
  private readonly limit: number;
  private view: DataView | undefined;
  private buffer: Buffer | undefined;

  constructor(bytes: Uint8Array, start: number, end: number) {
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new RangeError(
        `expected 0 <= start <= end <= ${bytes.length}, got ${start} and ${end}`,
      );
    }
    this.bytes = bytes;
    this.position = start;
    this.limit = end;
  }

  /** A field's tag: its number times eight plus its wire type. */
  tag(): number {
    const start = this.position;
    const tag = this.uint32();
    const size = this.position - start;
    if (size > 5 || (size === 5 && (this.bytes[this.position - 1] ?? 0) > 0x0f)) {
      throw new CodecError("malformed protobuf: a tag is larger than 32 bits");
    }
    if (tag < 8) throw new CodecError("malformed protobuf: field number 0");
    return tag;
  }

  /** A varint cut to 32 bits, unsigned. */
  uint32(): number {
    const bytes = this.bytes;
    let position = this.position;
    if (position >= this.limit) throw truncated();
    let byte = bytes[position++] as number;
    if (byte < 0x80) {
      this.position = position;
      return byte;
    }
    let result = byte & 0x7f;
    for (let shift = 7; shift < 70; shift += 7) {
      if (position >= this.limit) throw truncated();
      byte = bytes[position++] as number;
      if (shift < 32) result |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.position = position;
        return result >>> 0;
      }
    }
    throw new CodecError("malformed protobuf: a varint is longer than ten bytes");
  }

  int32(): number {
    return this.uint32() | 0;
  }

  sint32(): number {
    const value = this.uint32();
    return (value >>> 1) ^ -(value & 1);
  }

  bool(): boolean {
    const bytes = this.bytes;
    let any = 0;
    for (let i = 0; i < 10; i++) {
      if (this.position >= this.limit) throw truncated();
      const byte = bytes[this.position++] as number;
      any |= byte & 0x7f;
      if (byte < 0x80) return any !== 0;
    }
    throw new CodecError("malformed protobuf: a varint is longer than ten bytes");
  }

  uint64(): bigint {
    let low = 0;
    let middle = 0;
    let high = 0;
    const bytes = this.bytes;
    for (let i = 0; i < 10; i++) {
      if (this.position >= this.limit) throw truncated();
      const byte = bytes[this.position++] as number;
      // three parts of 28, 28 and 8 bits, so that each stays exact in a double
      if (i < 4) low |= (byte & 0x7f) << (7 * i);
      else if (i < 8) middle |= (byte & 0x7f) << (7 * (i - 4));
      else high |= (byte & 0x7f) << (7 * (i - 8));
      if (byte < 0x80) {
        if (high === 0 && middle < 0x200_0000) return BigInt(low + middle * 0x1000_0000);
        return (
          BigInt(low + (middle & 0x1ff_ffff) * 0x1000_0000) |
          (BigInt(((middle >>> 25) | (high << 3)) & 0x7ff) << 53n)
        );
      }
    }
    throw new CodecError("malformed protobuf: a varint is longer than ten bytes");
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  sint64(): bigint {
    const value = this.uint64();
    return (value >> 1n) ^ -(value & 1n);
  }

  fixed32(): number {
    return this.dataView().getUint32(this.advance(4), true);
  }

  sfixed32(): number {
    return this.dataView().getInt32(this.advance(4), true);
  }

  fixed64(): bigint {
    return this.dataView().getBigUint64(this.advance(8), true);
  }

  sfixed64(): bigint {
    return this.dataView().getBigInt64(this.advance(8), true);
  }

  float(): number {
    return this.dataView().getFloat32(this.advance(4), true);
  }

  double(): number {
    return this.dataView().getFloat64(this.advance(8), true);
  }

  /** Reads a length and returns where what it measures ends. */
  end(): number {
    const length = this.uint32();
    if (length > this.limit - this.position) throw truncated();
    return this.position + length;
  }

  /** Bytes behind their length. */
  lengthDelimited(): Uint8Array {
    const end = this.end();
    return this.copy(this.position, (this.position = end));
  }

  /** Text behind its length. With `strict`, throws {@link CodecError} for invalid UTF-8. */
  string(strict: boolean): string {
    const end = this.end();
    const start = this.position;
    this.position = end;
    const { bytes } = this;
    const short = shortAscii(bytes, start, end);
    if (short !== undefined) return short;
    this.buffer ??= toBuffer(bytes);
    const text = this.buffer.toString("utf8", start, end);
    // the replacement character may have been sent, so its presence proves nothing
    if (strict && text.includes("\ufffd")) this.requireUtf8(start, end);
    return text;
  }

  /** Skips the value of an unknown field and returns its bytes, for `$unknown`. */
  skip(tag: number, depth: number): Uint8Array {
    const start = this.position;
    this.skipValue(tag, depth);
    return this.copy(start, this.position);
  }

  /** Throws unless exactly the bytes up to `end` were read. */
  requireEnd(end: number): void {
    if (this.position !== end) throw truncated();
  }

  private skipGroup(field: number, depth: number): void {
    checkDepth(depth);
    for (;;) {
      const tag = this.tag();
      if (tag === tagOf(field, Wire.endGroup)) return;
      if ((tag & 7) === Wire.endGroup) {
        throw new CodecError("malformed protobuf: another group's end");
      }
      this.skipValue(tag, depth);
    }
  }

  private skipValue(tag: number, depth: number): void {
    switch (tag & 7) {
      case Wire.varint:
        this.bool();
        return;
      case Wire.bit64:
        this.advance(8);
        return;
      case Wire.delimited:
        this.position = this.end();
        return;
      case Wire.startGroup:
        this.skipGroup(tag >>> 3, depth + 1);
        return;
      case Wire.bit32:
        this.advance(4);
        return;
      default:
        throw new CodecError(`malformed protobuf: wire type ${tag & 7} of field ${tag >>> 3}`);
    }
  }

  private advance(size: number): number {
    if (size > this.limit - this.position) throw truncated();
    const start = this.position;
    this.position = start + size;
    return start;
  }

  private copy(start: number, end: number): Uint8Array {
    const bytes = this.bytes;
    const size = end - start;
    const copy = new Uint8Array(size);
    if (size > SHORT) copy.set(new Uint8Array(bytes.buffer, bytes.byteOffset + start, size));
    else for (let i = 0; i < size; i++) copy[i] = bytes[start + i] as number;
    return copy;
  }

  private dataView(): DataView {
    const bytes = this.bytes;
    return (this.view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  private requireUtf8(start: number, end: number): void {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(this.bytes.subarray(start, end));
    } catch (cause) {
      throw new CodecError("expected valid UTF-8, got other bytes", "", { cause });
    }
  }
}

/**
 * Text of up to eight ASCII characters, made in one piece: a call into Node costs more than that, and
 * appending character by character leaves a string behind for each. Undefined: it is longer, or no ASCII.
 */
function shortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  const size = end - start;
  if (size > 8) return undefined;
  let all = 0;
  for (let i = start; i < end; i++) all |= bytes[i] as number;
  if (all > 0x7f) return undefined;
  const at = (i: number): number => bytes[start + i] as number;
  const text = String.fromCharCode;
  // prettier-ignore
  switch (size) {
    case 0: return "";
    case 1: return text(at(0));
    case 2: return text(at(0), at(1));
    case 3: return text(at(0), at(1), at(2));
    case 4: return text(at(0), at(1), at(2), at(3));
    case 5: return text(at(0), at(1), at(2), at(3), at(4));
    case 6: return text(at(0), at(1), at(2), at(3), at(4), at(5));
    case 7: return text(at(0), at(1), at(2), at(3), at(4), at(5), at(6));
    default: return text(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7));
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function truncated(): CodecError {
  return new CodecError("malformed protobuf: it ends too early");
}
