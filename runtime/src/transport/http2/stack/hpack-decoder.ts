import { ByteCache } from "./byte-cache.ts";
import { ConnectionError, ErrorCode } from "./error-code.ts";
import { HeaderBlock } from "./header-block.ts";
import { HeaderField } from "./header-field.ts";
import { HeaderTable } from "./header-table.ts";
import type { HpackTables } from "./hpack-tables.ts";

/** Bytes of the dynamic table: what peers may use as long as nobody told them otherwise. */
const tableBytes = 4096;

const staticCount = 61;

/**
 * Reads the header blocks of one connection (RFC 7541).
 *
 * Peers send most blocks again and again. Fields are checked once, when they are put into a table; literals
 * with a known name, and whole blocks that change no table, are recognised by their bytes.
 */
export class HpackDecoder {
  readonly #tables: HpackTables;
  readonly #table = new HeaderTable(tableBytes);
  readonly #blocks = new ByteCache<HeaderBlock>(8);
  readonly #literals = new ByteCache<HeaderField>(16);
  readonly #maxListBytes: number;
  #blocksGeneration = 0;
  #bytes: Uint8Array = noBytes;
  #at = 0;
  #end = 0;

  /** Fields of a block beyond `maxListBytes` are left out, see {@link HeaderBlock.tooLarge}. */
  constructor(tables: HpackTables, maxListBytes: number) {
    this.#tables = tables;
    this.#maxListBytes = maxListBytes;
  }

  /** Bytes in the dynamic table. */
  get tableSize(): number {
    return this.#table.size;
  }

  /**
   * Decodes a whole block. The result is shared and must not be changed.
   * Throws a {@link ConnectionError} when it is not HPACK: the state of the connection is lost then.
   */
  decode(bytes: Uint8Array, start: number, end: number): HeaderBlock {
    const generation = this.#table.generation;
    if (generation === this.#blocksGeneration) {
      const known = start < end ? this.#blocks.find(bytes, start, end) : undefined;
      if (known !== undefined) return known;
    } else {
      this.#blocks.clear();
      this.#blocksGeneration = generation;
    }
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    const block = new HeaderBlock(this.#maxListBytes);
    const secret = this.#decodeFields(block);
    this.#bytes = noBytes;
    if (start < end && generation === this.#table.generation && !secret && !block.tooLarge) {
      this.#blocks.keep(bytes, start, end, block);
    }
    return block;
  }

  /** Whether a field is there that nobody may keep. */
  #decodeFields(block: HeaderBlock): boolean {
    let secret = false;
    let first = true;
    while (this.#at < this.#end) {
      const start = this.#at;
      const byte = this.#bytes[start] as number;
      if (byte >= 0x80) {
        block.add(this.#field(this.#integer(7)));
      } else if (byte >= 0x40) {
        const field = this.#literal(6);
        this.#table.add(field);
        block.add(field);
      } else if (byte >= 0x20) {
        if (!first) throw compressionError("a table size update after the first field");
        this.#resize(this.#integer(5));
        continue; // another may follow
      } else if (byte >= 0x10) {
        secret = true;
        block.add(this.#literal(4));
      } else {
        block.add(this.#plainLiteral());
      }
      first = false;
    }
    return secret;
  }

  #field(index: number): HeaderField {
    const field =
      index <= staticCount ? this.#tables.fields[index] : this.#table.at(index - staticCount - 1);
    if (field === undefined || index === 0) throw compressionError(`no field has index ${index}`);
    return field;
  }

  #literal(prefixBits: number): HeaderField {
    const index = this.#integer(prefixBits);
    const name = index === 0 ? this.#string() : this.#field(index).name;
    return new HeaderField(name, this.#string());
  }

  /** A literal that no table takes. Many peers send `:path` and `content-length` like this each time. */
  #plainLiteral(): HeaderField {
    const start = this.#at;
    const index = (this.#bytes[start] as number) & 0x0f;
    // Names of the static table only: the others may have changed when the bytes come again.
    if (index === 0) return this.#literal(4);
    const end = index === 0x0f ? this.#longNameEnd(start) : this.#valueEnd(start + 1);
    if (end === 0) return this.#literal(4);
    const known = this.#literals.find(this.#bytes, start, end);
    if (known !== undefined) {
      this.#at = end;
      return known;
    }
    const field = this.#literal(4);
    this.#literals.keep(this.#bytes, start, this.#at, field);
    return field;
  }

  /** Where a literal ends whose index takes two bytes; 0 when that is not easily seen. */
  #longNameEnd(start: number): number {
    const index = 0x0f + (this.#bytes[start + 1] ?? 0xff);
    return index <= staticCount ? this.#valueEnd(start + 2) : 0;
  }

  #valueEnd(at: number): number {
    const length = (this.#bytes[at] ?? 0x7f) & 0x7f;
    const end = at + 1 + length;
    return at < this.#end && length < 0x7f && end <= this.#end ? end : 0;
  }

  #resize(capacity: number): void {
    if (capacity > tableBytes) throw compressionError(`a table of ${capacity} bytes`);
    this.#table.resize(capacity);
  }

  #string(): string {
    if (this.#at >= this.#end) throw compressionError("a block that ends in a field");
    const coded = (this.#bytes[this.#at] as number) >= 0x80;
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw compressionError("a string that ends beyond its block");
    this.#at = end;
    const bytes = this.#bytes;
    if (!coded) return toText(bytes, start, end);
    const text = this.#tables.scratch(length * 2);
    const count = this.#tables.huffman.decode(bytes, start, end, text);
    if (count < 0) throw compressionError("a string that is not Huffman code");
    return text.toString("latin1", 0, count);
  }

  /** RFC 7541, section 5.1. */
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = (this.#bytes[this.#at++] as number) & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#end) throw compressionError("a block that ends in a number");
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw compressionError("a number that is too large");
  }
}

const noBytes = new Uint8Array();

function toText(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

function compressionError(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.COMPRESSION_ERROR, `header block with ${what}`);
}
