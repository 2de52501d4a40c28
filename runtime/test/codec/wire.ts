import type { DescField, DescMessage, Registry } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";

// A third opinion on protobuf's wire format, plain instead of fast: which bytes are a message at all,
// and what the reference must be given to read of them what our codecs read.

/** The reference's numbers for fields that came with another wire type than declared. */
const ASIDE = 19_000;

class Malformed extends Error {}

/**
 * The bytes from which the reference reads what our codecs read from `bytes`; undefined where they are
 * no message. What differs: fields of another wire type than declared, and unknown values of closed
 * enums, get a number that nobody knows; unknown fields of a map's entries go, and parts of a map's
 * message come as one. See {@link restoreNumbers}.
 */
export function adaptToReference(desc: DescMessage, bytes: Uint8Array): Uint8Array | undefined {
  try {
    return Uint8Array.from(new Walker(bytes).fields(desc, bytes.length));
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** Gives the unknown fields that {@link adaptToReference} put aside their numbers back. */
export function restoreNumbers(registry: Registry, value: unknown): void {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
  const { $typeName, $unknown = [] } = value as {
    $typeName?: string;
    $unknown?: { no: number; wireType: number; data: Uint8Array }[];
  };
  const desc = registry.getMessage(String($typeName));
  for (const unknown of $unknown) {
    const field = desc?.fields[unknown.no - ASIDE];
    if (field === undefined) continue;
    if (unknown.wireType === 3) {
      const body = unknown.data.slice(0, -tag(unknown.no, 4).length);
      unknown.data = Uint8Array.of(...body, ...tag(field.number, 4));
    }
    unknown.no = field.number;
  }
  for (const member of Object.values(value)) restoreNumbers(registry, member);
}

class Walker {
  private readonly bytes: Uint8Array;
  private position = 0;
  /** Where the end tag of the last group begins. */
  private groupEnd = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  fields(desc: DescMessage, end: number): number[] {
    const out: number[] = [];
    while (this.position < end) {
      const { number, wireType } = this.tag();
      this.field(desc, number, wireType, out);
    }
    if (this.position !== end) throw new Malformed();
    return out;
  }

  private group(desc: DescMessage | undefined, group: number): number[] {
    const out: number[] = [];
    for (;;) {
      const start = this.position;
      const { number, wireType } = this.tag();
      this.groupEnd = start;
      if (wireType !== 4) this.field(desc, number, wireType, out);
      else if (number === group) return out;
      else throw new Malformed();
    }
  }

  private field(
    desc: DescMessage | undefined,
    number: number,
    wireType: number,
    out: number[],
  ): void {
    const index = desc?.fields.findIndex((each) => each.number === number) ?? -1;
    const field = desc?.fields[index];
    const start = this.position;
    if (field === undefined || !wireTypesOf(field).includes(wireType)) {
      const value = this.value(number, wireType);
      const chosen = field === undefined ? number : ASIDE + index;
      // the end of a group names its number too
      const whole = wireType === 3 ? [...value.slice(0, -value.tagSize), ...tag(chosen, 4)] : value;
      out.push(...tag(chosen, wireType), ...whole);
    } else if (field.fieldKind === "map") {
      const entry = this.entry(field, this.length());
      out.push(...tag(number, 2), ...varint(entry.length), ...entry);
    } else if (field.message !== undefined) {
      out.push(...tag(number, wireType), ...this.message(field.message, number, wireType));
    } else if (field.fieldKind === "list" && wireType === 2 && isPackable(field)) {
      const end = this.length();
      while (this.position < end) this.value(number, itemWireType(field));
      if (this.position !== end) throw new Malformed();
      out.push(...tag(number, 2), ...this.bytes.slice(start, end));
    } else {
      const value = this.value(number, wireType);
      const isAside =
        field.fieldKind === "enum" &&
        !field.enum.open &&
        !field.enum.values.some((each) => each.number === Number(BigInt.asIntN(32, value.varint)));
      out.push(...tag(isAside ? ASIDE + index : number, wireType), ...value);
    }
  }

  private message(desc: DescMessage, number: number, wireType: number): number[] {
    if (wireType === 3) return [...this.group(desc, number), ...tag(number, 4)];
    const fields = this.fields(desc, this.length());
    return [...varint(fields.length), ...fields];
  }

  private entry(field: DescField & { fieldKind: "map" }, end: number): number[] {
    const out: number[] = [];
    const parts: number[] = [];
    let hasParts = false;
    while (this.position < end) {
      const { number, wireType } = this.tag();
      const start = this.position;
      const expected = number === 1 ? scalarWireType(field.mapKey) : itemWireType(field);
      if (number === 2 && wireType === 2 && field.message !== undefined) {
        parts.push(...this.fields(field.message, this.length()));
        hasParts = true;
        continue;
      }
      this.value(number, wireType);
      if (number > 2 || wireType !== expected) continue;
      out.push(...tag(number, wireType), ...this.bytes.slice(start, this.position));
    }
    if (this.position !== end) throw new Malformed();
    if (hasParts) out.push(...tag(2, 2), ...varint(parts.length), ...parts);
    return out;
  }

  private value(number: number, wireType: number): number[] & { varint: bigint; tagSize: number } {
    const start = this.position;
    let read = 0n;
    let tagSize = 0;
    if (wireType === 0) read = this.varint();
    else if (wireType === 1) this.skip(8);
    else if (wireType === 2) this.position = this.length();
    else if (wireType === 5) this.skip(4);
    else if (wireType === 3) {
      this.group(undefined, number);
      tagSize = this.position - this.groupEnd;
    } else throw new Malformed();
    const copy = this.bytes.slice(start, this.position);
    return Object.assign(Array.from(copy), { varint: read, tagSize });
  }

  private tag(): { number: number; wireType: number } {
    const start = this.position;
    const read = this.varint();
    if (this.position - start > 5 || read > 0xffff_ffffn || read < 8n) throw new Malformed();
    return { number: Number(read >> 3n), wireType: Number(read & 7n) };
  }

  private length(): number {
    const end = Number(BigInt.asUintN(32, this.varint())) + this.position;
    if (end > this.bytes.length) throw new Malformed();
    return end;
  }

  private skip(size: number): void {
    this.position += size;
    if (this.position > this.bytes.length) throw new Malformed();
  }

  private varint(): bigint {
    let read = 0n;
    for (let i = 0n; i < 10n; i++) {
      const byte = this.bytes[this.position++];
      if (byte === undefined) throw new Malformed();
      read |= BigInt(byte & 0x7f) << (7n * i);
      if (byte < 0x80) return read;
    }
    throw new Malformed();
  }
}

function wireTypesOf(field: DescField): number[] {
  if (field.fieldKind === "map") return [2];
  if (field.message !== undefined) return [field.delimitedEncoding ? 3 : 2];
  const own = itemWireType(field);
  return field.fieldKind === "list" && isPackable(field) ? [own, 2] : [own];
}

function isPackable(field: DescField): boolean {
  return itemWireType(field) !== 2;
}

function itemWireType(field: DescField): number {
  if (field.message !== undefined) return 2;
  return field.scalar === undefined ? 0 : scalarWireType(field.scalar);
}

function scalarWireType(scalar: ScalarType): number {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return 2;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return 1;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return 5;
    default:
      return 0;
  }
}

function tag(number: number, wireType: number): number[] {
  return varint(number * 8 + wireType);
}

function varint(value: number): number[] {
  const out: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...out, rest];
    out.push((rest % 128) + 128);
  }
}
