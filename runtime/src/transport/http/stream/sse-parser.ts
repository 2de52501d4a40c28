/** One event of a stream. */
export interface ServerSentEvent {
  /** Empty: the server gave it no name. */
  readonly name: string;
  readonly data: Uint8Array;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const colon = 0x3a;
const space = 0x20;

/**
 * Reads server-sent events out of bytes that come in pieces of any size. Comments and fields other than
 * `event` and `data` are left out, and so is a last event that does not end.
 */
export class SseParser {
  readonly #limit: number;
  readonly #tooLarge: () => Error;
  /** The start of a line whose end has not come. */
  #rest: Uint8Array[] = [];
  #restSize = 0;
  #afterReturn = false;
  #first = true;
  #name = "";
  #data: Uint8Array[] = [];
  #dataSize = 0;
  #hasData = false;

  /** An event or a line of more than `limit` bytes is what `tooLarge` makes of it. */
  constructor(limit: number, tooLarge: () => Error) {
    this.#limit = limit;
    this.#tooLarge = tooLarge;
  }

  /** The events that end in `bytes`. */
  push(bytes: Uint8Array): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    let start = 0;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index];
      if (byte === lineFeed && this.#afterReturn) {
        // the second half of an end that was seen
        this.#afterReturn = false;
        start = index + 1;
        continue;
      }
      this.#afterReturn = byte === carriageReturn;
      if (byte !== lineFeed && byte !== carriageReturn) continue;
      const event = this.#takeLine(this.#finishLine(bytes.subarray(start, index)));
      if (event !== undefined) events.push(event);
      start = index + 1;
    }
    if (start < bytes.length) this.#keep(bytes.slice(start));
    return events;
  }

  #keep(piece: Uint8Array): void {
    this.#restSize += piece.length;
    if (this.#restSize > this.#limit + fieldNameBytes) throw this.#tooLarge();
    this.#rest.push(piece);
  }

  #finishLine(end: Uint8Array): Uint8Array {
    if (this.#rest.length === 0) return end;
    const line = concat([...this.#rest, end]);
    this.#rest = [];
    this.#restSize = 0;
    return line;
  }

  #takeLine(bytes: Uint8Array): ServerSentEvent | undefined {
    let line = bytes;
    if (this.#first) {
      this.#first = false;
      if (line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf) line = line.subarray(3);
    }
    if (line.length === 0) return this.#dispatch();
    const end = line.indexOf(colon);
    if (end === 0) return undefined; // a comment
    const field = toText(end < 0 ? line : line.subarray(0, end));
    let value = end < 0 ? line.subarray(line.length) : line.subarray(end + 1);
    if (value[0] === space) value = value.subarray(1);
    if (field === "event") this.#name = toText(value);
    else if (field === "data") this.#addData(value);
    return undefined;
  }

  #addData(value: Uint8Array): void {
    if (this.#hasData) this.#data.push(newline);
    this.#hasData = true;
    this.#data.push(value.slice());
    this.#dataSize += value.length + 1;
    if (this.#dataSize > this.#limit + 1) throw this.#tooLarge();
  }

  #dispatch(): ServerSentEvent | undefined {
    const name = this.#name;
    const data = this.#data;
    const complete = this.#hasData;
    this.#name = "";
    this.#data = [];
    this.#dataSize = 0;
    this.#hasData = false;
    if (!complete) return undefined;
    return { name, data: data.length === 1 ? data[0]! : concat(data) };
  }
}

/** What `data: ` takes on a line beside its value. */
const fieldNameBytes = 6;
const newline = /* @__PURE__ */ new Uint8Array([lineFeed]);

function toText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let position = 0;
  for (const piece of pieces) {
    bytes.set(piece, position);
    position += piece.length;
  }
  return bytes;
}
