import { requireWellFormed } from "./json-text.ts";

/** Small enough not to be wasted on a few messages, large enough that allocation does not show. */
const SLAB = 16 * 1024;
/** A larger slab, made for one message that may be written over, serves the next ones up to this size. */
const LARGE_SLAB = 256 * 1024;
/** As many larger slabs are kept, for streams that send large messages side by side. */
const MAX_SPARES = 4;
/** With less than this left, the next message begins a new slab. */
const TAIL = 512;
/** A UTF-16 unit needs at most three bytes in UTF-8. */
const UTF8_PER_UNIT = 3;
/** Up to this length a string fits 127 bytes whatever it holds, so its length fits one byte. */
const SHORT = 42;
const MAX_VARINT = 10;
const TWO_32 = 0x1_0000_0000;

/**
 * Writes protobuf's wire format into slabs, as Node does with small buffers: each message gets the
 * next part of a slab, which is not written again before {@link reuse}, so that nothing is copied at the end.
 * Values are trusted to fit their type; only text is checked for lone surrogates.
 */
export class BinaryWriter {
  private bytes: Buffer = Buffer.alloc(0);
  private start = 0;
  private position = 0;
  private last: Uint8Array | undefined = undefined;
  private lastLength = 0;
  /** Larger slabs whose only message is not needed any more. */
  private readonly spares: Buffer[] = [];
  private readonly long = new DataView(new ArrayBuffer(8));

  /** Begins a message behind `headroom` zero bytes. */
  begin(headroom: number): void {
    const most = this.position === 0 ? LARGE_SLAB : SLAB;
    if (this.bytes.length - this.position < TAIL || this.bytes.length > most) {
      this.bytes = this.createSlab();
      this.position = 0;
    }
    this.start = this.position;
    if (headroom > 0) {
      this.ensure(headroom);
      for (let i = 0; i < headroom; i++) this.bytes[this.position++] = 0;
    }
  }

  /** What was written since {@link begin}. */
  finish(): Uint8Array {
    this.last = new Uint8Array(
      this.bytes.buffer,
      this.bytes.byteOffset + this.start,
      this.position - this.start,
    );
    this.lastLength = this.last.length;
    return this.last;
  }

  /**
   * Writes a later message over `bytes`, which {@link finish} has returned: the next one if they are what it returned
   * last. Of other bytes those are used that fill a slab of their own.
   */
  reuse(bytes: Uint8Array): void {
    if (bytes === this.last) {
      this.position = this.start;
      this.last = undefined;
      return;
    }
    const { buffer } = bytes;
    const size = buffer.byteLength;
    if (size <= SLAB || size > LARGE_SLAB || this.spares.length === MAX_SPARES) return;
    if (buffer === this.bytes.buffer || this.spares.some((spare) => spare.buffer === buffer))
      return;
    this.spares.push(Buffer.from(buffer as ArrayBuffer));
  }

  /** An unsigned 32-bit varint; also a field's tag. */
  uint32(value: number): void {
    if (this.bytes.length - this.position < MAX_VARINT) this.grow(MAX_VARINT);
    const bytes = this.bytes;
    let position = this.position;
    while (value > 0x7f) {
      bytes[position++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    bytes[position++] = value;
    this.position = position;
  }

  /** A signed 32-bit varint: negative numbers take ten bytes. */
  int32(value: number): void {
    if (value >= 0) this.uint32(value);
    else this.varint64(value | 0, -1);
  }

  sint32(value: number): void {
    this.uint32(((value << 1) ^ (value >> 31)) >>> 0);
  }

  bool(value: boolean): void {
    this.uint32(value ? 1 : 0);
  }

  int64(value: bigint): void {
    const number = Number(value);
    if (number >= 0 && number <= Number.MAX_SAFE_INTEGER) {
      if (number < TWO_32) this.uint32(number);
      else this.varint64(number | 0, (number / TWO_32) | 0);
      return;
    }
    this.long.setBigInt64(0, value, true);
    this.varint64(this.long.getInt32(0, true), this.long.getInt32(4, true));
  }

  sint64(value: bigint): void {
    this.int64(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
  }

  fixed32(value: number): void {
    this.ensure(4);
    this.position = this.bytes.writeInt32LE(value | 0, this.position);
  }

  fixed64(value: bigint): void {
    this.ensure(8);
    this.position = this.bytes.writeBigInt64LE(BigInt.asIntN(64, value), this.position);
  }

  float(value: number): void {
    this.ensure(4);
    this.position = this.bytes.writeFloatLE(value, this.position);
  }

  double(value: number): void {
    this.ensure(8);
    this.position = this.bytes.writeDoubleLE(value, this.position);
  }

  /** Bytes behind their length. */
  lengthDelimited(value: Uint8Array): void {
    this.uint32(value.length);
    this.raw(value);
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    this.ensure(value.length);
    this.bytes.set(value, this.position);
    this.position += value.length;
  }

  /** Text as UTF-8 behind its length. Throws {@link CodecError} for a lone surrogate. */
  string(value: string): void {
    const length = value.length;
    this.ensure(length * UTF8_PER_UNIT + MAX_VARINT);
    if (length > SHORT) {
      this.longString(value);
      return;
    }
    const bytes = this.bytes;
    let position = this.position + 1;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) {
        requireWellFormed(value);
        const size = bytes.write(value, this.position + 1);
        bytes[this.position] = size;
        this.position += size + 1;
        return;
      }
      bytes[position++] = code;
    }
    bytes[this.position] = length;
    this.position = position;
  }

  /** Leaves room for a length; what it returns goes to {@link join}. */
  fork(): number {
    this.ensure(1);
    return this.position++ - this.start; // growing moves the message within the slab
  }

  /** Writes the length of what came since {@link fork}. */
  join(offset: number): void {
    const size = this.position - this.start - offset - 1;
    const extra = varintSize(size) - 1; // the room left was for lengths below 128
    if (extra > 0) this.ensure(extra);
    const fork = this.start + offset;
    if (extra === 0) {
      this.bytes[fork] = size;
      return;
    }
    this.bytes.copyWithin(fork + 1 + extra, fork + 1, this.position);
    this.position = fork;
    this.uint32(size);
    this.position += size;
  }

  private longString(value: string): void {
    requireWellFormed(value);
    const guess = varintSize(value.length); // right where the text is ASCII
    const at = this.position + guess;
    const size = this.bytes.write(value, at);
    const needed = varintSize(size);
    if (needed !== guess) {
      this.bytes.copyWithin(this.position + needed, at, at + size);
    }
    this.uint32(size);
    this.position += size;
  }

  private varint64(low: number, high: number): void {
    this.ensure(MAX_VARINT);
    const bytes = this.bytes;
    let position = this.position;
    while (high !== 0 || low >>> 0 > 0x7f) {
      bytes[position++] = (low & 0x7f) | 0x80;
      low = (low >>> 7) | (high << 25);
      high >>>= 7;
    }
    bytes[position++] = low;
    this.position = position;
  }

  private ensure(size: number): void {
    if (this.bytes.length - this.position < size) this.grow(size);
  }

  /** A message after a large one is large, too, as a rule. */
  private createSlab(): Buffer {
    const size = Math.min(this.lastLength + TAIL, LARGE_SLAB);
    if (size <= SLAB) return Buffer.allocUnsafeSlow(SLAB);
    return this.spares.pop() ?? Buffer.allocUnsafeSlow(size);
  }

  private grow(size: number): void {
    const used = this.position - this.start;
    // Twice what is there, so that many small parts are not copied too often; not twice a large part.
    const bytes = Buffer.allocUnsafeSlow(Math.max(SLAB, 2 * used + size + TAIL));
    this.bytes.copy(bytes, 0, this.start, this.position);
    this.bytes = bytes;
    this.start = 0;
    this.position = used;
  }
}

function varintSize(value: number): number {
  return value < 0x80
    ? 1
    : value < 0x4000
      ? 2
      : value < 0x20_0000
        ? 3
        : value < 0x1000_0000
          ? 4
          : 5;
}
