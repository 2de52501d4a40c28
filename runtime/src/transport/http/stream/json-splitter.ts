import { KratosError } from "../../../errors/kratos-error.ts";
import { bindingError } from "../binding-error.ts";

const newline = 0x0a;
const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Cuts a stream of bytes into JSON texts: the elements of an array, when it begins as one, else what lines
 * hold. Looks at brackets and quotes only; whether a piece is JSON is its reader's business.
 */
export class JsonSplitter {
  readonly #limit: number;
  readonly #emit: (text: Buffer) => void;
  #mode: "start" | "lines" | "array" | "end" = "start";
  #pieces: Buffer[] = [];
  #size = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #elements = 0;

  /** No text may be longer than `limit` bytes. */
  constructor(limit: number, emit: (text: Buffer) => void) {
    this.#limit = limit;
    this.#emit = emit;
  }

  /** Throws 413 for a text that is too long, and 400 `CODEC` for what follows an array. */
  push(bytes: Buffer): void {
    let start = 0;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index]!;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === backslash) this.#escaped = true;
        else if (byte === quote) this.#inString = false;
      } else if (this.#mode === "start" || this.#mode === "end") {
        start = index + 1;
        if (isSpace(byte)) continue;
        if (this.#mode === "end")
          throw bindingError("the array of messages has ended, write no more");
        this.#mode = byte === openBracket ? "array" : "lines";
        if (this.#mode === "array") continue;
        start = index--; // the byte begins the first text
      } else if (byte === quote) {
        this.#inString = true;
      } else if (byte === openBrace || byte === openBracket) {
        this.#depth++;
      } else if (this.#depth > 0) {
        if (byte === closeBrace || byte === closeBracket) this.#depth--;
      } else if (
        this.#mode === "lines" ? byte === newline : byte === comma || byte === closeBracket
      ) {
        this.#collect(bytes, start, index);
        start = index + 1;
        this.#finish(byte);
      }
    }
    if (this.#mode === "lines" || this.#mode === "array") this.#collect(bytes, start, bytes.length);
  }

  /** The stream has ended. Throws 400 `CODEC` when an array has not. */
  end(): void {
    if (this.#mode === "lines") this.#finish(newline);
    else if (this.#mode === "array") throw bindingError("the array of messages does not end");
  }

  #collect(bytes: Buffer, start: number, end: number): void {
    if (end <= start) return;
    this.#size += end - start;
    if (this.#size > this.#limit) {
      throw new KratosError(413, "BODY_TOO_LARGE", `a message is larger than ${this.#limit} bytes`);
    }
    this.#pieces.push(bytes.subarray(start, end));
  }

  #finish(delimiter: number): void {
    const text = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#size = 0;
    const empty = text.every(isSpace);
    if (this.#mode === "array") {
      if (delimiter === closeBracket) this.#mode = "end";
      // `[]` has no element, but `[1,]` lacks one.
      if (empty && (delimiter === comma || this.#elements > 0)) {
        throw bindingError("the array of messages lacks one before a comma or at its end");
      }
    }
    if (empty) return;
    this.#elements++;
    this.#emit(text);
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === newline || byte === 0x0d || byte === 0x09;
}
