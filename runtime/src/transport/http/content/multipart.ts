import { bindingError, excerpt } from "../binding-error.ts";
import { findParameter } from "./media-type.ts";

/** What a part of a form says of itself. */
export interface PartHeader {
  readonly name: string;
  /** Undefined: the part is no file. */
  readonly fileName: string | undefined;
  /** As the client named it; empty when it did not. */
  readonly contentType: string;
}

/** Takes a form as it is read: each part's header, its bytes in pieces, its end. */
export interface PartReceiver {
  onPart(header: PartHeader): void;
  onData(bytes: Buffer): void;
  onPartEnd(): void;
}

/** What a client may ask of a {@link MultipartParser}. */
export interface MultipartLimits {
  /** Default: 1000. */
  readonly maxParts?: number | undefined;
  /** Bytes of one part's header. Default: 8192. */
  readonly maxHeaderBytes?: number | undefined;
}

/**
 * Reads `multipart/form-data` (RFC 7578) piece by piece, and keeps no more of it than a header or a delimiter.
 * It is strict: lines end in CRLF, each part has a name, and the last delimiter must be there.
 */
export class MultipartParser {
  readonly #receiver: PartReceiver;
  readonly #maxParts: number;
  readonly #maxHeaderBytes: number;
  /** With the end of the line in front, which belongs to it. */
  readonly #delimiter: Buffer;
  #state: "preamble" | "delimiter" | "header" | "data" | "end" = "preamble";
  /** What was not understood yet. The first delimiter may have no line before it. */
  #rest: Buffer = lineEnd;
  #parts = 0;

  /** Throws 400 `CODEC` when `contentType` has no boundary that may be one. */
  constructor(contentType: string, receiver: PartReceiver, limits: MultipartLimits = {}) {
    const boundary = findParameter(contentType, "boundary");
    if (boundary === undefined || !/^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/.test(boundary)) {
      throw bindingError(
        `content type ${excerpt(contentType)} must name a boundary of up to 70 characters`,
      );
    }
    this.#receiver = receiver;
    this.#maxParts = limits.maxParts ?? 1000;
    this.#maxHeaderBytes = limits.maxHeaderBytes ?? 8192;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
  }

  /** Reads on. Pieces that the receiver gets are views of `chunk` where they can be. Throws 400 `CODEC`. */
  write(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const next = this.#step(rest);
      if (next === undefined) break;
      rest = next;
    }
  }

  /** Throws 400 `CODEC` when the last delimiter has not come. */
  end(): void {
    if (this.#state !== "end") {
      throw bindingError("the multipart body ends before its last delimiter");
    }
  }

  /** Reads one thing and returns what is behind it; undefined, with the rest put aside, for want of bytes. */
  #step(bytes: Buffer): Buffer | undefined {
    switch (this.#state) {
      case "preamble":
      case "data":
        return this.#toDelimiter(bytes);
      case "delimiter":
        return this.#delimiterEnd(bytes);
      case "header":
        return this.#header(bytes);
      case "end":
        this.#rest = nothing; // what follows the last delimiter means nothing
        return undefined;
    }
  }

  #toDelimiter(bytes: Buffer): Buffer | undefined {
    const found = bytes.indexOf(this.#delimiter);
    // A delimiter may have begun at the end of what is there.
    const end = found < 0 ? Math.max(0, bytes.length - this.#delimiter.length + 1) : found;
    const inPart = this.#state === "data";
    if (inPart && end > 0) this.#receiver.onData(bytes.subarray(0, end));
    if (found < 0) return this.#wait(bytes.subarray(end));
    if (inPart) this.#receiver.onPartEnd();
    this.#state = "delimiter";
    return bytes.subarray(found + this.#delimiter.length);
  }

  #delimiterEnd(bytes: Buffer): Buffer | undefined {
    if (bytes.length < 2) return this.#wait(bytes);
    if (bytes[0] === hyphen && bytes[1] === hyphen) {
      this.#state = "end";
      return bytes;
    }
    const end = bytes.indexOf(lineEnd);
    const padding = bytes.toString("latin1", 0, end < 0 ? bytes.length : end);
    // The first half of a line's end is no fault yet.
    if (!/^[ \t]*\r?$/.test(padding) || padding.length > this.#maxHeaderBytes) {
      throw bindingError("a delimiter of the multipart body is not the whole line");
    }
    if (end < 0) return this.#wait(bytes);
    this.#state = "header";
    return bytes.subarray(end + lineEnd.length);
  }

  #header(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf(headerEnd);
    if ((end < 0 ? bytes.length : end) > this.#maxHeaderBytes) {
      throw partError(this.#parts + 1, `its header is larger than ${this.#maxHeaderBytes} bytes`);
    }
    if (end < 0) return this.#wait(bytes);
    if (++this.#parts > this.#maxParts) {
      throw bindingError(`the multipart body has more than ${this.#maxParts} parts`);
    }
    this.#receiver.onPart(parseHeader(bytes.subarray(0, end), this.#parts));
    this.#state = "data";
    return bytes.subarray(end + headerEnd.length);
  }

  #wait(rest: Buffer): undefined {
    this.#rest = rest;
  }
}

const nothing = Buffer.alloc(0);
const lineEnd = Buffer.from("\r\n");
const headerEnd = Buffer.from("\r\n\r\n");
const hyphen = 0x2d;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// Nothing here may scan a text over and over: a body has room for hundreds of headers made to be slow.
function parseHeader(bytes: Buffer, part: number): PartHeader {
  const fields = new Map<string, string>();
  for (const line of decodeHeader(bytes, part).split("\r\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw partError(part, `${excerpt(line)} is no header`);
    }
    const key = name.toLowerCase();
    if (fields.has(key)) throw partError(part, `it has two headers ${excerpt(name)}`);
    fields.set(key, line.slice(colon + 1).trim());
  }
  const disposition = parseDisposition(fields.get("content-disposition") ?? "");
  const name = disposition?.get("name");
  if (disposition === undefined || name === undefined) {
    throw partError(part, 'it must have a header "Content-Disposition: form-data; name=…"');
  }
  const encoding = fields.get("content-transfer-encoding") ?? "binary";
  if (!/^(?:7bit|8bit|binary)$/i.test(encoding)) {
    throw partError(
      part,
      `transfer encoding ${excerpt(encoding)} is not supported, send bytes as they are`,
    );
  }
  return {
    name,
    fileName: disposition.get("filename"),
    contentType: fields.get("content-type") ?? "",
  };
}

/**
 * The parameters of a `Content-Disposition: form-data`; undefined when it is malformed. Browsers do not escape
 * backslashes, so that a quote ends a text where it could end one, whatever is before it.
 */
function parseDisposition(text: string): ReadonlyMap<string, string> | undefined {
  if (!/^form-data(?:[\s;]|$)/i.test(text)) return undefined;
  const parameters = new Map<string, string>();
  const next = new RegExp(dispositionParameter, "y");
  for (next.lastIndex = "form-data".length; next.lastIndex < text.length;) {
    const [, key, quoted, token = ""] = next.exec(text) ?? [];
    if (key === undefined || parameters.has(key.toLowerCase())) return undefined;
    parameters.set(key.toLowerCase(), quoted === undefined ? token : decodeName(quoted));
  }
  return parameters;
}

const dispositionParameter =
  /\s*;\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"(.*?)"(?=\s*(?:;|$))|([^;"\s]*)(?=\s*(?:;|$)))/;

function decodeHeader(bytes: Buffer, part: number): string {
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
    throw bindingError(`part ${part} of the multipart body: its header is not UTF-8`, cause);
  }
}

/** Browsers encode these three alone (https://html.spec.whatwg.org/#multipart-form-data); others escape quotes. */
function decodeName(name: string): string {
  return name.replaceAll(/%22|%0D|%0A|\\"/gi, (text) =>
    text === '\\"' ? '"' : String.fromCharCode(Number.parseInt(text.slice(1), 16)),
  );
}

function partError(part: number, reason: string): Error {
  return bindingError(`part ${part} of the multipart body: ${reason}`);
}
