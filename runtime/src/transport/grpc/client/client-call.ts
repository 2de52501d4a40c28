import { isCodecError } from "../../../codec/codec-error.ts";
import { fromError } from "../../../errors/from-error.ts";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import { fromGrpcStatus } from "../../../errors/status-details.ts";
import type { Channel, ReadyConnection } from "./channel.ts";
import type { Cancelable, GrpcClientContext } from "./client-context.ts";
import { acceptedEncodings, decompress } from "../protocol/compression.ts";
import { formatTimeout } from "../../deadline.ts";
import type { Field, HeaderView } from "../../http2/engine.ts";
import type { ClientConnection, ClientSink, ClientStream } from "../../http2/client-engine.ts";
import { ResetCode } from "../../http2/engine.ts";
import type { MessageSink } from "../protocol/frame.ts";
import { FrameError, FrameReader } from "../protocol/frame.ts";
import type { MessageFormat } from "../protocol/message-format.ts";
import { stopIterator } from "../../stop-iterator.ts";
import { findStatusError, GrpcFailure, httpStatusError, resetError } from "../protocol/status.ts";

/** What all calls of a client share. */
export interface CallSource {
  readonly channel: Channel;
  readonly userAgent: string;
  readonly maxReceiveBytes: number;
}

/** Where the replies of a call go. */
export interface ReplySink {
  /** A reply, which took `bytes` on the wire. */
  push(reply: unknown, bytes: number): void;
  /** The call has ended well. */
  end(): void;
  /** The call has failed. */
  fail(error: KratosError): void;
}

/**
 * One attempt of a call as the client sees it: a stream on some connection, its requests, its replies,
 * its end, which happens once. A stream that the server provably never looked at is repeated once.
 */
export class ClientCall implements ClientSink, MessageSink, Cancelable {
  readonly #source: CallSource;
  readonly #context: GrpcClientContext;
  readonly #format: MessageFormat;
  readonly #requests: unknown;
  readonly #isRequestStream: boolean;
  readonly #replies: ReplySink;
  #connection: ClientConnection | undefined;
  #stream: ClientStream | undefined;
  #iterator: AsyncIterator<unknown> | undefined;
  #reader: FrameReader | undefined;
  #headers: HeaderView | undefined;
  #wake: (() => void) | undefined;
  #attempts = 0;
  #done = false;

  /** `requests`: the request, or with `isRequestStream` an async iterable of them. */
  constructor(
    source: CallSource,
    context: GrpcClientContext,
    format: MessageFormat,
    requests: unknown,
    isRequestStream: boolean,
    replies: ReplySink,
  ) {
    this.#source = source;
    this.#context = context;
    this.#format = format;
    this.#requests = requests;
    this.#isRequestStream = isRequestStream;
    this.#replies = replies;
  }

  /** Begins the call. Failures go to the reply sink. */
  start(): void {
    this.#context.attach(this);
    if (this.#context.failure !== undefined) {
      this.#finish(this.#context.failure);
      return;
    }
    const ready = this.#source.channel.pick();
    if (ready !== undefined) this.#open(ready);
    else this.#connect();
  }

  /** Stops reading replies for good, or until {@link resume}. */
  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  cancel(error: KratosError): void {
    if (this.#done) return;
    // A deadline may have passed because the server is gone without a word.
    if (error.code === 504) this.#connection?.probe();
    this.#finish(error);
  }

  onHeaders(headers: HeaderView): void {
    this.#headers = headers;
    const status = headers.get(":status") ?? "";
    if (status !== "200") {
      this.#finish(httpStatusError(status));
      return;
    }
    this.#receiveHeader(headers);
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    if (this.#done) return;
    try {
      this.#reader ??= new FrameReader(this.#source.maxReceiveBytes);
      this.#reader.push(bytes, start, end, this);
    } catch (error) {
      this.#finish(toReplyError(error));
    }
  }

  onMessage(bytes: Uint8Array, start: number, end: number, compressed: boolean): void {
    if (this.#done) return;
    if (!compressed) {
      this.#replies.push(this.#format.decode(bytes, start, end), end - start);
      return;
    }
    const encoding = this.#headers?.get("grpc-encoding");
    const limit = this.#source.maxReceiveBytes;
    const plain = decompress(encoding, bytes.subarray(start, end), limit);
    this.#replies.push(this.#format.decode(plain, 0, plain.length), plain.length);
  }

  onEnd(trailers?: HeaderView): void {
    this.#stream = undefined; // nothing is left to reset
    if (trailers === undefined) {
      this.#finish(new KratosError(500, "", "the server ended the reply without a status"));
      return;
    }
    if (this.#headers === undefined) {
      const status = trailers.get(":status") ?? "";
      if (trailers.get("grpc-status") === undefined && status !== "200") {
        this.#finish(httpStatusError(status));
        return;
      }
      this.#receiveHeader(trailers);
    }
    const failure = findStatusError(trailers);
    if (failure !== undefined) {
      this.#finish(failure);
      return;
    }
    try {
      this.#reader?.end();
      this.#finish(undefined);
    } catch (error) {
      this.#finish(toReplyError(error));
    }
  }

  onReset(code: number, cause?: Error): void {
    this.#stream = undefined;
    const untouched = this.#headers === undefined && this.#iterator === undefined;
    if (code === ResetCode.REFUSED_STREAM && untouched && this.#attempts < 2 && !this.#done) {
      this.start();
    } else {
      this.#finish(resetError(code, cause));
    }
  }

  onDrain(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #receiveHeader(headers: HeaderView): void {
    try {
      this.#context.receiveHeader(headers);
    } catch (error) {
      this.#finish(fromError(error));
    }
  }

  #connect(): void {
    this.#source.channel.connect().then(
      (ready) => {
        if (!this.#done) this.#open(ready);
      },
      (error: unknown) => this.#finish(fromError(error)),
    );
  }

  #open({ connection, authority }: ReadyConnection): void {
    let frame: Uint8Array | undefined;
    try {
      if (!this.#isRequestStream) frame = this.#format.encode(this.#requests);
    } catch (error) {
      this.#finish(toRequestError(error));
      return;
    }
    let stream: ClientStream | undefined;
    try {
      stream = connection.open(this.#fields(authority), this);
    } catch (error) {
      this.#finish(fromError(error)); // HTTP/2 allows some names one value only
      return;
    }
    if (stream === undefined) {
      this.#connect();
      return;
    }
    this.#attempts++;
    this.#connection = connection;
    this.#stream = stream;
    this.#context.peer = connection.remoteAddress;
    if (frame !== undefined) stream.end(frame);
    else void this.#sendAll(stream);
  }

  #fields(authority: string): Field[] {
    const fields: Field[] = [
      [":method", "POST"],
      [":scheme", "http"],
      [":path", this.#context.operation],
      [":authority", authority],
      ["content-type", this.#format.contentType],
      ["te", "trailers"],
      ["user-agent", this.#source.userAgent],
      ["grpc-accept-encoding", acceptedEncodings],
    ];
    const { deadline } = this.#context;
    if (deadline !== undefined) {
      fields.push(["grpc-timeout", formatTimeout(Math.max(deadline - Date.now(), 0))]);
    }
    this.#context.writtenHeader?.appendTo(fields);
    return fields;
  }

  async #sendAll(stream: ClientStream): Promise<void> {
    try {
      const iterator = (this.#requests as AsyncIterable<unknown>)[Symbol.asyncIterator]();
      this.#iterator = iterator;
      while (!this.#done) {
        const step = await iterator.next();
        if (step.done === true) {
          this.#iterator = undefined; // nothing is left to release
          stream.end();
          return;
        }
        if (this.#done) return;
        if (!stream.write(this.#format.encode(step.value))) await this.#drained();
      }
    } catch (error) {
      this.#finish(toRequestError(error));
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #finish(error: KratosError | undefined): void {
    if (this.#done) return;
    this.#done = true;
    this.#context.attach(undefined);
    this.#stream?.reset(ResetCode.CANCEL);
    this.onDrain();
    void stopIterator(this.#iterator);
    if (error === undefined) this.#replies.end();
    else this.#replies.fail(error);
  }
}

/** The caller's own fault: what it sends is not what the method takes, or its iterable threw. */
function toRequestError(error: unknown): KratosError {
  if (isCodecError(error)) return new KratosError(400, "CODEC", error.message, { cause: error });
  return fromError(error);
}

/** The server's fault: what it sent could not be read. */
function toReplyError(error: unknown): KratosError {
  if (error instanceof GrpcFailure) {
    return fromGrpcStatus(error.code, error.message).withCause(error);
  }
  if (error instanceof FrameError) {
    const code = error.problem === "tooLarge" ? GrpcCode.RESOURCE_EXHAUSTED : GrpcCode.INTERNAL;
    return fromGrpcStatus(code, error.message).withCause(error);
  }
  const text = error instanceof Error ? error.message : String(error);
  return new KratosError(500, "CODEC", `the reply cannot be read: ${text}`, { cause: error });
}
