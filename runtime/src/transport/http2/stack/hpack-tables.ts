import { HeaderField } from "./header-field.ts";
import { Huffman } from "./huffman.ts";
import { staticFields } from "./static-table.ts";

/** Bytes that decoded strings and encoded blocks mostly fit in; longer ones get room of their own. */
const scratchBytes = 16 * 1024;

/** What the header coders of all connections of a server share. None of it outlives one call. */
export class HpackTables {
  readonly huffman: Huffman = new Huffman();
  /** The static table by index, from 1. */
  readonly fields: readonly HeaderField[];
  readonly #scratch = Buffer.allocUnsafeSlow(scratchBytes);
  readonly #byName = new Map<string, number>();

  constructor() {
    // Index 0 is not used.
    const fields = [new HeaderField("", "")];
    for (const line of staticFields) {
      const equals = line.indexOf("=");
      const name = equals < 0 ? line : line.slice(0, equals);
      if (!this.#byName.has(name)) this.#byName.set(name, fields.length);
      fields.push(new HeaderField(name, equals < 0 ? "" : line.slice(equals + 1)));
    }
    this.fields = fields;
  }

  /** The first index that has `name`; 0: none has. */
  findName(name: string): number {
    return this.#byName.get(name) ?? 0;
  }

  /** The index of a field; 0: it is not there. `index` is that of its name. */
  findField(index: number, name: string, value: string): number {
    for (let i = index; this.fields[i]?.name === name && i > 0; i++) {
      if (this.fields[i]?.value === value) return i;
    }
    return 0;
  }

  /** Room for `length` bytes, to be used before the next call of this. */
  scratch(length: number): Buffer {
    return length <= scratchBytes ? this.#scratch : Buffer.allocUnsafe(length);
  }
}
