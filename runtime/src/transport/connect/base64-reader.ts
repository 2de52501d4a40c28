/** The text of a request is no base64. */
export class Base64Error extends Error {
  override readonly name = "Base64Error";
}

/**
 * Reads base64 in chunks that are cut anywhere. Padding may stand in the middle, where a client has put pieces
 * behind each other; after it, a new group of four begins.
 */
export class Base64Reader {
  /** Up to three characters of a group whose rest has not come. */
  #rest = "";

  /** The bytes that are whole. Throws {@link Base64Error}. */
  push(chunk: Uint8Array): Uint8Array {
    const text =
      this.#rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
    const whole = text.length - (text.length % 4);
    this.#rest = text.slice(whole);
    const groups = text.slice(0, whole);
    if (/[^A-Za-z0-9+/=]/.test(groups)) throw notBase64();
    if (!groups.includes("=")) return Buffer.from(groups, "base64");
    const pieces = groups.match(/[^=]*=*/g) ?? [];
    return Buffer.concat(pieces.map(readPiece));
  }

  /** Throws {@link Base64Error} when the text ended inside a group. */
  end(): void {
    if (this.#rest === "") return;
    throw new Base64Error("the body ended inside a group of four characters of base64");
  }
}

/** Text that ends in padding, or has none. */
function readPiece(piece: string): Buffer {
  if (piece.length % 4 !== 0 || /^=|===/.test(piece)) throw notBase64();
  return Buffer.from(piece, "base64");
}

function notBase64(): Base64Error {
  return new Base64Error("the body is not base64, as a content type with -text demands");
}
