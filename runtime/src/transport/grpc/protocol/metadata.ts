import { isConnectionHeader } from "../../connection-header.ts";
import type { Header } from "../../header.ts";
import type { Field, HeaderView } from "../../http2/engine.ts";

/**
 * gRPC metadata. Names are case-insensitive; values are printable ASCII, except that those of names ending
 * in `-bin` are base64 text (see {@link encodeBinaryHeader}).
 */
export class GrpcHeader implements Header {
  readonly #values = new Map<string, string[]>();

  /** Metadata of a received header block. Fields of the protocol itself are left out. */
  static from(view: HeaderView): GrpcHeader {
    const header = new GrpcHeader();
    view.forEach((name, value) => {
      if (!isReserved(name)) header.#append(name, value);
    });
    return header;
  }

  /** A header of its own with the same names and values. */
  copy(): GrpcHeader {
    const header = new GrpcHeader();
    for (const [name, values] of this.#values) header.#values.set(name, [...values]);
    return header;
  }

  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase())?.[0];
  }

  values(name: string): readonly string[] {
    return this.#values.get(name.toLowerCase()) ?? [];
  }

  /** Throws a `TypeError` for a name or value that gRPC cannot carry. */
  set(name: string, value: string): void {
    this.#values.set(parseName(name), [parseValue(name, value)]);
  }

  /** Throws a `TypeError` for a name or value that gRPC cannot carry. */
  add(name: string, value: string): void {
    const key = parseName(name);
    const valid = parseValue(name, value);
    const present = this.#values.get(key);
    if (present === undefined) this.#values.set(key, [valid]);
    else present.push(valid);
  }

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  get isEmpty(): boolean {
    return this.#values.size === 0;
  }

  /** Appends what may be sent to `fields`; names of the protocol and the connection are skipped. */
  appendTo(fields: Field[]): void {
    for (const [name, values] of this.#values) {
      if (isReserved(name) || isHttpHeader(name)) continue;
      for (const value of values) fields.push([name, value]);
    }
  }

  /** A copy of all names and values. */
  toMap(): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.#values].map(([name, values]) => [name, [...values]]));
  }

  /** Received values need no check; several binary ones may share a field, with commas between them. */
  #append(name: string, value: string): void {
    const values = name.endsWith("-bin") ? splitBinary(value) : [value];
    const present = this.#values.get(name);
    if (present === undefined) this.#values.set(name, values);
    else present.push(...values);
  }
}

function splitBinary(value: string): string[] {
  return value.split(",").map((part) => part.trim().replace(/=+$/, ""));
}

/** The text of bytes as the value of a name that ends in `-bin`: base64 without padding. */
export function encodeBinaryHeader(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  return text.replace(/=+$/, "");
}

/** The bytes of the value of a name that ends in `-bin`; base64 with or without padding. */
export function decodeBinaryHeader(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}

/** Fields that gRPC itself writes and reads. */
function isReserved(name: string): boolean {
  if (name.startsWith("grpc-")) return true;
  return name === "te" || name === "content-type" || name.startsWith(":");
}

/** Fields of one request or connection over HTTP: what passes on what it got may hold them. */
function isHttpHeader(name: string): boolean {
  switch (name) {
    case "content-encoding":
    case "content-length":
    case "host":
    case "user-agent":
      return true;
    default:
      return isConnectionHeader(name);
  }
}

function parseName(name: string): string {
  const key = name.toLowerCase();
  if (!/^:?[0-9a-z_.-]+$/.test(key)) {
    throw new TypeError(
      `"${name}" is no name for metadata, use letters, digits, "-", "_" and "." only`,
    );
  }
  return key;
}

function parseValue(name: string, value: string): string {
  if (/-bin$/i.test(name)) {
    if (/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) return value.replace(/=+$/, "");
    throw new TypeError(`the value of metadata "${name}" must be base64 text`);
  }
  if (/^[\x20-\x7e]*$/.test(value)) return value.trim();
  throw new TypeError(
    `the value of metadata "${name}" must be printable ASCII, put other bytes under a name that ends in "-bin"`,
  );
}
