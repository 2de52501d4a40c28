import { GrpcCode } from "../../errors/grpc-code.ts";
import { fillPrefix, framePrefixBytes } from "../grpc/protocol/frame.ts";
import { GrpcFailure } from "../grpc/protocol/status.ts";
import type { Field, Fields } from "../http2/engine.ts";
import type { ServerStream } from "../http2/server-engine.ts";
import { appendSendable } from "../http2/sendable-fields.ts";
import { listFields, readCallStatus } from "./call-status.ts";
import type { WebContent } from "./content-type.ts";
import { compressedFlag } from "./envelope.ts";
import { toConnectHttpStatus, toErrorJson } from "./error-json.ts";
import { RenamedHeaders } from "./renamed-headers.ts";
import { findField, handlerFields, noTrailers, TranslatedStream } from "./translated-stream.ts";

/** Room for a body whose length is not known, or not to be believed yet. */
const firstRoom = 16 * 1024;

/**
 * Undoes the encoding of a whole body; `receive` gets the message, or what is wrong with it, at once or later.
 * Throws {@link GrpcFailure} for an encoding that is not known.
 */
export type UnpackBody = (
  encoding: string,
  bytes: Uint8Array,
  receive: (message: Uint8Array | GrpcFailure) => void,
) => void;

/** What is known of a request before its message. */
export interface UnaryRequest {
  readonly content: WebContent;
  /** The encoding of the request's body. */
  readonly encoding: string | undefined;
  /** The largest body that is taken, in bytes. */
  readonly maxReceiveBytes: number;
  /** Undefined: the call unpacks messages, and packs replies. */
  readonly unpack: UnpackBody | undefined;
  /** The message of a request without a body; undefined: there is a body. */
  readonly message: Uint8Array | undefined;
}

/** A unary call of the Connect protocol: plain bodies, and HTTP statuses for errors. */
export class ConnectUnaryStream extends TranslatedStream {
  readonly headers: RenamedHeaders;
  readonly #request: UnaryRequest;
  readonly #compressed: boolean;
  /** The body behind the prefix of a frame. */
  #frame: Uint8Array = empty;
  #size = framePrefixBytes;
  #head: readonly Field[] = [];

  constructor(outer: ServerStream, request: UnaryRequest) {
    super(outer);
    this.#request = request;
    const { headers } = outer;
    const { encoding, unpack } = request;
    // An empty body is the message without fields, whatever it is said to be packed with.
    this.#compressed = encoding !== undefined && encoding !== "identity" && encoding !== "";
    this.headers =
      unpack === undefined
        ? new RenamedHeaders(headers, encoding, headers.get("accept-encoding"))
        : new RenamedHeaders(headers, undefined, undefined);
  }

  /** Hands the message of a request without a body to the call. */
  deliver(): void {
    const { message } = this.#request;
    if (message === undefined) return;
    this.#append(message, 0, message.length);
    this.#finish();
  }

  override onData(bytes: Uint8Array, start: number, end: number): void {
    if (this.#request.message === undefined) this.#append(bytes, start, end);
  }

  override onEnd(): void {
    if (this.#request.message === undefined) this.#finish();
  }

  override respond(fields: Fields, endStream = false): void {
    this.#head = listFields(fields);
    if (endStream) this.end(fields);
  }

  override write(_bytes: Uint8Array): boolean {
    return true; // unary calls have one reply, which comes with the end
  }

  override end(trailers: Fields, last?: Uint8Array): void {
    if (!this.answer()) return;
    this.#frame = empty;
    const status = readCallStatus(trailers);
    const fields = handlerFields(this.#head);
    if (listFields(trailers) !== this.#head) {
      for (const [name, value] of handlerFields(status.metadata)) {
        fields.push([`trailer-${name}`, value]);
      }
    }
    if (status.code === GrpcCode.OK && last !== undefined) this.#succeed(fields, last);
    else {
      const encodings = findField(status.metadata, "grpc-accept-encoding");
      if (encodings !== undefined) fields.push(["accept-encoding", encodings]);
      const body = Buffer.from(JSON.stringify(toErrorJson(status)));
      this.#send(String(toConnectHttpStatus(status.code)), "application/json", body, fields);
    }
  }

  #succeed(fields: Field[], frame: Uint8Array): void {
    const encoding = findField(this.#head, "grpc-encoding");
    if ((frame[0]! & compressedFlag) !== 0 && encoding !== undefined) {
      fields.push(["content-encoding", encoding]);
    }
    // Only replies that may be kept can come to somebody who reads other encodings.
    if (this.#request.message !== undefined) fields.push(["vary", "Accept-Encoding"]);
    this.#send("200", this.#request.content.reply, frame.subarray(framePrefixBytes), fields);
  }

  #send(status: string, contentType: string, body: Uint8Array, fields: readonly Field[]): void {
    const head: Field[] = [
      [":status", status],
      ["content-type", contentType],
      ["content-length", String(body.length)],
    ];
    // Headers and trailers of the handler are one block here, which can be too much of both.
    appendSendable(head, fields);
    this.outer.respond(head);
    this.outer.end(noTrailers, body);
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    if (this.answered) return;
    const size = this.#size + end - start;
    const limit = this.#request.maxReceiveBytes;
    if (size - framePrefixBytes > limit) {
      const message = `the message is larger than the limit of ${limit} bytes`;
      this.refuse(new GrpcFailure(GrpcCode.RESOURCE_EXHAUSTED, message));
      return;
    }
    if (size > this.#frame.length) this.#grow(size);
    this.#frame.set(bytes.subarray(start, end), this.#size);
    this.#size = size;
  }

  #grow(size: number): void {
    const announced = Number(this.outer.headers.get("content-length") ?? 0);
    const room =
      this.#frame.length === 0
        ? Math.max(size, Math.min(announced + framePrefixBytes, firstRoom) || 0)
        : Math.max(size, this.#frame.length * 2);
    const grown = new Uint8Array(room);
    grown.set(this.#frame.subarray(0, this.#size));
    this.#frame = grown;
  }

  #finish(): void {
    if (this.answered) return;
    const frame = this.#size === framePrefixBytes ? new Uint8Array(framePrefixBytes) : this.#frame;
    const message = frame.subarray(framePrefixBytes, this.#size);
    this.#frame = empty;
    const { encoding, unpack } = this.#request;
    if (!this.#compressed || message.length === 0) this.#pass(frame.subarray(0, this.#size), 0);
    else if (unpack === undefined) this.#pass(frame.subarray(0, this.#size), compressedFlag);
    else unpack(encoding ?? "", message, (plain) => this.#receivePlain(plain));
  }

  #receivePlain(plain: Uint8Array | GrpcFailure): void {
    if (plain instanceof GrpcFailure) {
      this.refuse(plain);
      return;
    }
    const frame = new Uint8Array(framePrefixBytes + plain.length);
    frame.set(plain, framePrefixBytes);
    this.#pass(frame, 0);
  }

  #pass(frame: Uint8Array, flags: number): void {
    fillPrefix(frame);
    frame[0] = flags;
    super.onData(frame, 0, frame.length);
    super.onEnd();
  }
}

const empty = new Uint8Array(0);
