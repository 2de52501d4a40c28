import { GrpcCode } from "../../errors/grpc-code.ts";
import { GrpcFailure } from "../grpc/protocol/status.ts";
import type { Field, Fields, HeaderView } from "../http2/engine.ts";
import type { ServerStream } from "../http2/server-engine.ts";
import { Base64Error, Base64Reader } from "./base64-reader.ts";
import { listFields } from "./call-status.ts";
import type { WebContent } from "./content-type.ts";
import { encodeLastEnvelope, trailersFlag } from "./envelope.ts";
import { noTrailers, TranslatedStream } from "./translated-stream.ts";

/** A call over gRPC-Web: the frames of gRPC, trailers in a frame of their own, and, as text, all of it in base64. */
export class GrpcWebStream extends TranslatedStream {
  readonly headers: HeaderView;
  readonly #content: WebContent;
  readonly #reader: Base64Reader | undefined;
  #begun = false;

  constructor(outer: ServerStream, content: WebContent) {
    super(outer);
    this.headers = outer.headers;
    this.#content = content;
    this.#reader = content.protocol === "grpc-web-text" ? new Base64Reader() : undefined;
  }

  override onData(bytes: Uint8Array, start: number, end: number): void {
    if (this.#reader === undefined) {
      super.onData(bytes, start, end);
      return;
    }
    this.#read((reader) => {
      const plain = reader.push(bytes.subarray(start, end));
      if (plain.length > 0) super.onData(plain, 0, plain.length);
    }, this.#reader);
  }

  override onEnd(): void {
    if (this.#reader !== undefined) this.#read((reader) => reader.end(), this.#reader);
    super.onEnd();
  }

  override respond(fields: Fields, endStream = false): void {
    if (endStream) this.end(fields);
    else this.#begin(listFields(fields));
  }

  override write(bytes: Uint8Array): boolean {
    return this.outer.write(this.#encode(bytes));
  }

  override end(trailers: Fields, last?: Uint8Array): void {
    if (!this.answer()) return;
    const fields = listFields(trailers);
    let sent = fields;
    if (!this.#begun) {
      // All there is came in one block: what belongs to the status goes into the trailers.
      this.#begin(fields.filter(([name]) => !isStatusField(name)));
      sent = fields.filter(([name]) => isStatusField(name));
    }
    const text = sent.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    this.outer.end(noTrailers, this.#encode(encodeLastEnvelope(trailersFlag, text, last)));
  }

  #begin(fields: readonly Field[]): void {
    this.#begun = true;
    const rest = fields.filter(([name]) => name !== ":status" && name !== "content-type");
    this.outer.respond([[":status", "200"], ["content-type", this.#content.reply], ...rest]);
  }

  /** Each piece is padded by itself, so that clients can read it before the next one comes. */
  #encode(bytes: Uint8Array): Uint8Array {
    if (this.#reader === undefined) return bytes;
    const { buffer, byteOffset, length } = bytes;
    return Buffer.from(Buffer.from(buffer, byteOffset, length).toString("base64"), "latin1");
  }

  #read(read: (reader: Base64Reader) => void, reader: Base64Reader): void {
    try {
      read(reader);
    } catch (error) {
      if (!(error instanceof Base64Error)) throw error;
      this.refuse(new GrpcFailure(GrpcCode.INVALID_ARGUMENT, error.message));
    }
  }
}

function isStatusField(name: string): boolean {
  return name === "grpc-status" || name === "grpc-message" || name === "grpc-status-details-bin";
}
