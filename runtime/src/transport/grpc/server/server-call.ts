import { isCodecError } from "../../../codec/codec-error.ts";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import type { Logger } from "../../../log/logger.ts";
import type { GrpcBinding } from "../protocol/binding.ts";
import type { CallTimer, CallTimers, Expiring } from "../../call-timers.ts";
import { decompress } from "../protocol/compression.ts";
import type { Field, StreamSink } from "../../http2/engine.ts";
import type { ServerStream } from "../../http2/server-engine.ts";
import { HeaderSet } from "../../http2/engine.ts";
import type { MessageSink } from "../protocol/frame.ts";
import { FrameError, framePrefixBytes, FrameReader } from "../protocol/frame.ts";
import type { MessageFormat } from "../protocol/message-format.ts";
import type { GrpcServerContext } from "./server-context.ts";
import { GrpcFailure, okTrailers, toTrailers } from "../protocol/status.ts";

/** What all calls of a server share. */
export interface CallHost {
  readonly timers: CallTimers;
  readonly logger: Logger;
  readonly maxReceiveBytes: number;
}

/** What makes up one call on the server. */
export interface ServerCallParts {
  readonly stream: ServerStream;
  readonly binding: GrpcBinding;
  readonly format: MessageFormat;
  readonly context: GrpcServerContext;
}

/**
 * One call as the server sees it, without what depends on its kind: frames into messages, status and
 * headers out, the deadline, and the end, which happens once.
 */
export abstract class ServerCall implements StreamSink, MessageSink, Expiring {
  timer: CallTimer | undefined = undefined;
  /** Whether the handler runs; a handler may go on when its call is over. */
  busy = false;
  protected readonly host: CallHost;
  protected readonly stream: ServerStream;
  protected readonly binding: GrpcBinding;
  protected readonly context: GrpcServerContext;
  readonly #format: MessageFormat;
  #reader: FrameReader | undefined = undefined;
  #headersSent = false;
  #done = false;

  constructor(host: CallHost, parts: ServerCallParts) {
    this.host = host;
    this.stream = parts.stream;
    this.binding = parts.binding;
    this.context = parts.context;
    this.#format = parts.format;
  }

  /** A message from the client. */
  protected abstract receive(message: unknown): void;
  /** The client sends no more messages. */
  protected abstract receiveEnd(): void;
  /** The call is over, well or not; for what a kind of call has to let go of. */
  protected abstract release(error: unknown): void;

  /** Whether the reply is complete, or nobody waits for it any more. */
  protected get done(): boolean {
    return this.#done;
  }

  /** Lets the call fail in `milliseconds`. */
  startTimer(milliseconds: number): void {
    this.host.timers.start(this, milliseconds);
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    if (this.#done) return;
    try {
      if (this.#reader === undefined && this.#isWholeMessage(bytes, start, end)) {
        this.onMessage(bytes, start + framePrefixBytes, end, false);
        return;
      }
      this.#reader ??= new FrameReader(this.host.maxReceiveBytes);
      this.#reader.push(bytes, start, end, this);
    } catch (error) {
      this.fail(toRequestFailure(error));
    }
  }

  onMessage(bytes: Uint8Array, start: number, end: number, compressed: boolean): void {
    if (this.#done) return;
    if (!compressed) {
      this.receive(this.#format.decode(bytes, start, end));
      return;
    }
    const encoding = this.stream.headers.get("grpc-encoding");
    const plain = decompress(encoding, bytes.subarray(start, end), this.host.maxReceiveBytes);
    this.receive(this.#format.decode(plain, 0, plain.length));
  }

  onEnd(): void {
    if (this.#done) return;
    try {
      this.#reader?.end();
      this.receiveEnd();
    } catch (error) {
      this.fail(toRequestFailure(error));
    }
  }

  onReset(_code: number, cause?: Error): void {
    this.#cancel(
      cause === undefined
        ? new KratosError(499, "CLIENT_CLOSED", "the client went away before the reply")
        : new KratosError(503, "SERVER_STOPPED", "the server stopped before the reply", { cause }),
    );
  }

  onCutOff(cause: Error): void {
    this.fail(new KratosError(503, "SERVER_STOPPED", cause.message, { cause }));
  }

  onDrain(): void {}

  onDeadline(): void {
    this.fail(new KratosError(504, "DEADLINE_EXCEEDED", "the deadline of the call has passed"));
  }

  /** Turns a reply into its frame. Throws when it does not fit its type. */
  protected encode(reply: unknown): Uint8Array {
    return this.#format.encode(reply);
  }

  /** Sends the reply's headers, unless they are on their way. */
  protected respond(): void {
    if (this.#headersSent) return;
    this.#headersSent = true;
    const constant = replyHeaders(this.#format);
    const written = this.context.writtenHeader;
    if (written === undefined) {
      this.stream.respond(constant);
      return;
    }
    const fields: Field[] = [...constant.fields];
    written.appendTo(fields);
    try {
      this.stream.respond(fields);
    } catch (error) {
      // HTTP/2 allows some names one value only; the reply is worth more than they are.
      this.#log(error);
      this.stream.respond(constant);
    }
  }

  /** Ends the call well, after `last` if given. */
  protected succeed(last?: Uint8Array): void {
    if (this.#done) return;
    this.respond();
    this.#end();
    this.stream.end(okTrailers, last);
  }

  /** Ends the call with the status of `error`. Without effect once it has ended. */
  protected fail(error: unknown): void {
    if (this.#done) return;
    const { fields, unexpected } = toTrailers(error);
    if (unexpected) this.#log(error);
    this.#cancel(error);
    if (this.#headersSent || this.context.writtenHeader !== undefined) {
      this.respond();
      this.stream.end(fields);
    } else {
      this.stream.respond([...replyHeaders(this.#format).fields, ...fields], true);
    }
  }

  #cancel(reason: unknown): void {
    if (this.#done) return;
    this.#end(reason);
    this.context.abort(reason);
  }

  #end(error?: unknown): void {
    this.#done = true;
    this.host.timers.stop(this);
    this.release(error);
  }

  #isWholeMessage(bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start - framePrefixBytes;
    return (
      length >= 0 &&
      length <= this.host.maxReceiveBytes &&
      bytes[start] === 0 &&
      (((bytes[start + 1] as number) << 24) |
        ((bytes[start + 2] as number) << 16) |
        ((bytes[start + 3] as number) << 8) |
        (bytes[start + 4] as number)) ===
        length
    );
  }

  #log(error: unknown): void {
    this.host.logger.error({ err: error, operation: this.binding.operation }, "grpc call failed");
  }
}

function replyHeaders(format: MessageFormat): HeaderSet {
  return format.contentType === "application/grpc" ? protoHeaders : jsonHeaders;
}

const protoHeaders = new HeaderSet([
  [":status", "200"],
  ["content-type", "application/grpc"],
]);

const jsonHeaders = new HeaderSet([
  [":status", "200"],
  ["content-type", "application/grpc+json"],
]);

/** The failure that a client is told when what it sent could not be read. */
function toRequestFailure(error: unknown): unknown {
  if (isCodecError(error)) return new KratosError(400, "CODEC", error.message, { cause: error });
  if (error instanceof FrameError) {
    const code = error.problem === "tooLarge" ? GrpcCode.RESOURCE_EXHAUSTED : GrpcCode.INTERNAL;
    return new GrpcFailure(code, error.message);
  }
  return error;
}
