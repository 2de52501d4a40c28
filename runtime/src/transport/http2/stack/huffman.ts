/**
 * Length in bits of each byte's code, one base-36 digit per byte (RFC 7541, appendix B). The code is
 * canonical, so that lengths are enough: codes of one length follow each other in order of their bytes, and
 * shorter ones come first.
 */
const codeLengths =
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca" +
  "d67777777777777777777777878djde6f56565666577666567655677777fbeds" +
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" +
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq";

const shortest = 5;
const longest = 30;

/** Codes of up to this many bits, which is all of ASCII but rare characters, are found in one step. */
const directBits = 9;

/** Huffman coding of header strings. Its tables take some microseconds to make: share one. */
export class Huffman {
  /** By byte. */
  readonly #codes = new Uint32Array(256);
  readonly #lengths = new Uint8Array(256);
  /** By the next {@link directBits} bits: the byte and, above it, the length of its code; 0: a longer one. */
  readonly #direct = new Uint16Array(1 << directBits);
  /** Bytes in order of their codes. */
  readonly #bytes = new Uint8Array(256);
  /** By length: the first code, and where its byte is in `#bytes`. */
  readonly #firstCode = new Uint32Array(longest + 2);
  readonly #firstByte = new Uint16Array(longest + 2);

  constructor() {
    let code = 0;
    let at = 0;
    for (let length = shortest; length <= longest; length++) {
      this.#firstCode[length] = code;
      this.#firstByte[length] = at;
      for (let byte = 0; byte < 256; byte++) {
        if (Number.parseInt(codeLengths.charAt(byte), 36) !== length) continue;
        this.#codes[byte] = code;
        this.#lengths[byte] = length;
        this.#bytes[at++] = byte;
        if (length <= directBits) this.#addDirect(code, length, byte);
        code++;
      }
      code *= 2;
    }
    this.#firstByte[longest + 1] = at;
  }

  /** Bytes that `text` takes when coded; its characters are bytes. */
  encodedLength(text: string): number {
    let bits = 0;
    for (let i = 0; i < text.length; i++)
      bits += this.#lengths[text.charCodeAt(i) & 0xff] as number;
    return (bits + 7) >> 3;
  }

  /** Writes the coded `text` to `out` and returns where it ends. */
  encode(text: string, out: Uint8Array, at: number): number {
    let byte = 0;
    let free = 8;
    for (let i = 0; i < text.length; i++) {
      const char = text.charCodeAt(i) & 0xff;
      const code = this.#codes[char] as number;
      let left = this.#lengths[char] as number;
      while (left >= free) {
        left -= free;
        out[at++] = byte | ((code >>> left) & ((1 << free) - 1));
        byte = 0;
        free = 8;
      }
      free -= left;
      byte |= (code & ((1 << left) - 1)) << free;
    }
    if (free < 8) out[at++] = byte | ((1 << free) - 1);
    return at;
  }

  /**
   * Decodes `bytes` from `start` to `end` into `out`, which has room for 8 bytes per 5 of these; returns how
   * many bytes came out, -1 for what is not coded right.
   */
  decode(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
    const direct = this.#direct;
    const last = end * 8;
    let bit = start * 8;
    let count = 0;
    while (bit < last) {
      const at = bit >> 3;
      // What lies behind the end counts as ones, which is what padding is made of.
      const second = at + 1 < end ? (bytes[at + 1] as number) : 0xff;
      const window = ((bytes[at] as number) << 8) | second;
      const entry = direct[(window >> (7 - (bit & 7))) & 0x1ff] as number;
      let length = entry >> 8;
      let byte = entry & 0xff;
      if (length === 0) {
        const found = this.#findLong(bytes, bit, last);
        length = found >> 8;
        byte = found & 0xff;
      }
      if (bit + length > last) return isPadding(bytes, bit, last) ? count : -1;
      bit += length;
      out[count++] = byte;
    }
    return count;
  }

  /** A byte with a long code and the code's length above it; beyond all ends when there is none. */
  #findLong(bytes: Uint8Array, bit: number, last: number): number {
    let code = 0;
    for (let length = 1; length <= longest && bit + length <= last; length++) {
      const position = bit + length - 1;
      code = code * 2 + (((bytes[position >> 3] as number) >> (7 - (position & 7))) & 1);
      const index = code - (this.#firstCode[length] as number);
      const count = (this.#firstByte[length + 1] as number) - (this.#firstByte[length] as number);
      if (length >= shortest && index >= 0 && index < count) {
        return (length << 8) | (this.#bytes[(this.#firstByte[length] as number) + index] as number);
      }
    }
    return 0xff_ffff;
  }

  #addDirect(code: number, length: number, byte: number): void {
    const shift = directBits - length;
    this.#direct.fill((length << 8) | byte, code << shift, (code + 1) << shift);
  }
}

/** Padding is shorter than a byte, and all ones. */
function isPadding(bytes: Uint8Array, bit: number, last: number): boolean {
  const length = last - bit;
  const ones = (1 << length) - 1;
  return length < 8 && ((bytes[(last - 1) >> 3] as number) & ones) === ones;
}
