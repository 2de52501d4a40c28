import type { ContentCodec } from "@kratos-ts/runtime/http";

/** As much of MessagePack as messages need. */
export const msgpack: ContentCodec = {
  over: "json",
  contentTypes: ["application/msgpack", "application/x-msgpack"],
  encode: (value) => Buffer.concat(pack(value)),
  decode(bytes) {
    const reader = new Reader(Buffer.from(bytes));
    const value = reader.read();
    if (!reader.atEnd) throw new Error("there is more than one value");
    return value;
  },
};

function pack(value: unknown): Buffer[] {
  if (value === null) return [Buffer.of(0xc0)];
  if (value === false) return [Buffer.of(0xc2)];
  if (value === true) return [Buffer.of(0xc3)];
  if (typeof value === "number") {
    if (Number.isInteger(value) && value >= 0 && value < 128) return [Buffer.of(value)];
    const bytes = Buffer.alloc(9, 0xcb);
    bytes.writeDoubleBE(value, 1);
    return [bytes];
  }
  if (typeof value === "string") {
    const bytes = Buffer.from(value);
    return [head(0xdb, bytes.length), bytes];
  }
  if (Array.isArray(value)) return [head(0xdd, value.length), ...value.flatMap(pack)];
  const entries = Object.entries(value as object);
  return [head(0xdf, entries.length), ...entries.flatMap((entry) => entry.flatMap(pack))];
}

function head(type: number, length: number): Buffer {
  const bytes = Buffer.of(type, 0, 0, 0, 0);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  read(): unknown {
    const type = this.#bytes.readUInt8(this.#skip(1));
    if (type < 0x80) return type;
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return type === 0xc3;
      case 0xc6: // what JSON has no word for
        return Uint8Array.from(this.#take());
      case 0xcb:
        return this.#bytes.readDoubleBE(this.#skip(8));
      case 0xcf:
        return this.#bytes.readBigUInt64BE(this.#skip(8));
      case 0xdb:
        return this.#take().toString();
      case 0xdd:
        return Array.from({ length: this.#length() }, () => this.read());
      case 0xdf:
        return Object.fromEntries(
          Array.from({ length: this.#length() }, () => [this.read(), this.read()]),
        );
      default:
        throw new Error(`type 0x${type.toString(16)} is not known`);
    }
  }

  #length(): number {
    return this.#bytes.readUInt32BE(this.#skip(4));
  }

  #take(): Buffer {
    const length = this.#length();
    return this.#bytes.subarray(this.#at, this.#skip(length) + length);
  }

  /** Steps over bytes and returns where they begin. */
  #skip(count: number): number {
    this.#at += count;
    return this.#at - count;
  }
}
