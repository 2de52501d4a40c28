import type { Field, Fields } from "../engine.ts";
import { HeaderSet } from "../engine.ts";
import { isSingleField } from "../sendable-fields.ts";
import { HeaderField } from "./header-field.ts";
import { HeaderTable } from "./header-table.ts";
import type { HpackTables } from "./hpack-tables.ts";

/** Bytes of the dynamic table, where the peer does not want a smaller one. */
const tableBytes = 4096;

const staticCount = 61;

/** Sets beyond so many are encoded each time: a set is meant to be a constant. */
const maxSets = 32;

/** More than the parts of one field that are neither name nor value can take. */
const fieldOverhead = 16;

/** How a field is written that no table knows (RFC 7541, section 6.2). */
const Literal = { withoutIndexing: 0x00, neverIndexed: 0x10, withIndexing: 0x40 } as const;

/** What a set looked like when the table was of this generation. */
interface EncodedSet {
  readonly generation: number;
  readonly bytes: Uint8Array;
}

/**
 * Writes the header blocks of one connection (RFC 7541). Only fields of constant sets go into the dynamic
 * table, from where nothing is ever pushed out: the block of such a set is a few bytes that never change, and
 * secrets of one call cannot be guessed through another.
 */
export class HpackEncoder {
  readonly #tables: HpackTables;
  readonly #table = new HeaderTable(tableBytes);
  readonly #sets = new Map<HeaderSet, EncodedSet | undefined>();
  /** The smallest table size that the peer has asked for since the last block; undefined: none. */
  #resizedTo: number | undefined = undefined;
  #out: Uint8Array = noBytes;
  #at = 0;

  constructor(tables: HpackTables) {
    this.#tables = tables;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(bytes: number): void {
    const capacity = Math.min(bytes, tableBytes);
    if (capacity === this.#table.capacity) return;
    this.#resizedTo = Math.min(capacity, this.#resizedTo ?? capacity);
    this.#table.resize(capacity);
  }

  /**
   * The block of `fields`, valid until the next call. Throws a `TypeError` for a name or value that HTTP/2
   * cannot carry; nothing has changed then.
   */
  encode(fields: Fields): Uint8Array {
    if (!(fields instanceof HeaderSet)) return this.#encodeAll(fields, false);
    const known = this.#sets.get(fields);
    if (known !== undefined && known.generation === this.#table.generation) {
      if (this.#resizedTo === undefined) return known.bytes;
    }
    const constant = this.#sets.has(fields) || this.#sets.size < maxSets;
    const generation = this.#table.generation;
    const resized = this.#resizedTo !== undefined;
    const bytes = this.#encodeAll(fields.fields, constant);
    if (constant) {
      const stable = !resized && generation === this.#table.generation;
      this.#sets.set(fields, stable ? { generation, bytes: new Uint8Array(bytes) } : undefined);
    }
    return bytes;
  }

  /** Throws what {@link encode} would throw. */
  check(fields: Fields): void {
    if (!(fields instanceof HeaderSet)) checkFields(fields);
    else if (!this.#sets.has(fields)) checkFields(fields.fields);
  }

  #encodeAll(fields: readonly Field[], constant: boolean): Uint8Array {
    checkFields(fields);
    let bound = fieldOverhead;
    for (const [name, value] of fields) bound += name.length + value.length + fieldOverhead;
    this.#out = this.#tables.scratch(bound);
    this.#at = 0;
    this.#writeResize();
    for (const [name, value] of fields) this.#writeField(name, value, constant);
    const bytes = this.#out.subarray(0, this.#at);
    this.#out = noBytes;
    return bytes;
  }

  #writeResize(): void {
    const smallest = this.#resizedTo;
    if (smallest === undefined) return;
    this.#resizedTo = undefined;
    const { capacity } = this.#table;
    if (smallest < capacity) this.#writeInteger(0x20, 5, smallest);
    this.#writeInteger(0x20, 5, capacity);
  }

  #writeField(name: string, value: string, constant: boolean): void {
    const nameIndex = this.#tables.findName(name);
    const index = nameIndex === 0 ? 0 : this.#tables.findField(nameIndex, name, value);
    if (index > 0) {
      this.#writeInteger(0x80, 7, index);
      return;
    }
    for (let i = 0; i < this.#table.count; i++) {
      const field = this.#table.at(i);
      if (field?.value === value && field.name === name) {
        this.#writeInteger(0x80, 7, staticCount + 1 + i);
        return;
      }
    }
    const form = this.#form(name, value, constant);
    this.#writeInteger(form, form === Literal.withIndexing ? 6 : 4, nameIndex);
    if (nameIndex === 0) this.#writeString(name, constant);
    this.#writeString(value, constant);
  }

  /** Puts the field into the table where it may go there. */
  #form(name: string, value: string, constant: boolean): number {
    if (isSecret(name)) return Literal.neverIndexed;
    if (!constant) return Literal.withoutIndexing;
    const field = new HeaderField(name, value);
    if (this.#table.size + field.size > this.#table.capacity) return Literal.withoutIndexing;
    this.#table.add(field);
    return Literal.withIndexing;
  }

  /** Coding takes longer than it saves, unless the result is kept. */
  #writeString(text: string, constant: boolean): void {
    const { huffman } = this.#tables;
    const coded = constant ? huffman.encodedLength(text) : text.length;
    if (coded < text.length) {
      this.#writeInteger(0x80, 7, coded);
      this.#at = huffman.encode(text, this.#out, this.#at);
      return;
    }
    this.#writeInteger(0, 7, text.length);
    for (let i = 0; i < text.length; i++) this.#out[this.#at++] = text.charCodeAt(i);
  }

  /** RFC 7541, section 5.1. */
  #writeInteger(form: number, prefixBits: number, value: number): void {
    const mask = (1 << prefixBits) - 1;
    if (value < mask) {
      this.#out[this.#at++] = form | value;
      return;
    }
    this.#out[this.#at++] = form | mask;
    let rest = value - mask;
    while (rest >= 0x80) {
      this.#out[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#out[this.#at++] = rest;
  }
}

const noBytes = new Uint8Array();

function checkSingle(name: string, fields: readonly Field[]): void {
  if (fields.filter((field) => field[0] === name).length > 1) {
    throw new TypeError(`cannot send header "${name}" twice, it has one value`);
  }
}

/** Fields that must not be compressed by anybody on the way. */
function isSecret(name: string): boolean {
  switch (name) {
    case "authorization":
    case "proxy-authorization":
    case "cookie":
    case "set-cookie":
      return true;
    default:
      return false;
  }
}

function checkFields(fields: readonly Field[]): void {
  for (const [name, value] of fields) {
    checkField(name, value);
    if (isSingleField(name)) checkSingle(name, fields);
  }
}

function checkField(name: string, value: string): void {
  if (!/^:?[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) {
    throw new TypeError(`cannot send a header "${name}", names are tokens in lower case`);
  }
  // One character is one byte.
  // oxlint-disable-next-line no-control-regex -- these are what must not be sent
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    throw new TypeError(`cannot send the value of header "${name}", use printable ASCII`);
  }
}
