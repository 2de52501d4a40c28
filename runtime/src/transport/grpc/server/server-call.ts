import { GrpcCode } from "../../../errors/grpc-code.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import type { Logger } from "../../../log/logger.ts";
import type { GrpcBinding } from "../protocol/binding.ts";
import type { CallTimer, CallTimers, Expiring } from "../../call-timers.ts";
import type { StopSignal } from "../../stop-signal.ts";
import { isPromise } from "../../../middleware/is-promise.ts";
import { checkEncoding } from "../protocol/compression.ts";
import type { Field, Fields, StreamSink } from "../../http2/engine.ts";
import type { ServerStream } from "../../http2/server-engine.ts";
import { HeaderSet } from "../../http2/engine.ts";
import { appendSendable } from "../../http2/sendable-fields.ts";
import type { MessageSink } from "../protocol/frame.ts";
import { framePrefixBytes, FrameReader } from "../protocol/frame.ts";
import type { GrpcHeader } from "../protocol/metadata.ts";
import { acceptsGzip, type GzipPacker, unpack } from "../protocol/gzip.ts";
import type { MessageFormat } from "../protocol/message-format.ts";
import type { CallCounts } from "../services/call-counts.ts";
import type { ServerCounts } from "../services/server-counts.ts";
import type { GrpcServerContext } from "./server-context.ts";
import { GrpcFailure, okTrailers, toTrailers } from "../protocol/status.ts";
import { cardinalityFailure, toRequestFailure } from "./request-failure.ts";

/** Names of metadata that the log is told of at once. */
const maxNames = 10;

/** What all calls of a server share. */
export interface CallHost {
  readonly timers: CallTimers;
  readonly logger: Logger;
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  /** Undefined: replies go out as they are. */
  readonly packer: GzipPacker | undefined;
  /** Undefined: nobody counts. */
  readonly counts: ServerCounts | undefined;
  /** Tells calls that the server begins to stop. */
  readonly stop: StopSignal;
}

/** What makes up one call on the server. */
export interface ServerCallParts {
  readonly stream: ServerStream;
  readonly binding: GrpcBinding;
  readonly format: MessageFormat;
  readonly context: GrpcServerContext;
  /** When the call begins, in milliseconds since the epoch. */
  readonly now: number;
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
  readonly #counts: CallCounts | undefined;
  #reader: FrameReader | undefined = undefined;
  /** Compresses the replies of this call. */
  readonly #packer: GzipPacker | undefined;
  /** The only request is being unpacked; the client may have said all by then. */
  #unpacking = false;
  #requestEnded = false;
  #headersSent = false;
  #done = false;

  constructor(host: CallHost, parts: ServerCallParts) {
    this.host = host;
    this.stream = parts.stream;
    this.binding = parts.binding;
    this.context = parts.context;
    this.#format = parts.format;
    this.#counts = host.counts?.findCalls(parts.stream.connection);
    this.#counts?.start(parts.now);
    const { packer } = host;
    if (packer !== undefined && acceptsGzip(parts.stream.headers.get("grpc-accept-encoding"))) {
      this.#packer = packer;
    }
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
    this.#counts?.receive();
    if (this.#unpacking) throw cardinalityFailure("more than one request");
    if (!compressed) {
      this.receive(this.#format.decode(bytes, start, end));
      return;
    }
    checkEncoding(this.stream.headers.get("grpc-encoding"));
    this.receivePacked(bytes.slice(start, end));
  }

  onEnd(): void {
    if (this.#done) return;
    try {
      this.#reader?.end();
      if (this.#unpacking) this.#requestEnded = true;
      else this.receiveEnd();
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

  /** A compressed message: the only one that there should be, unless a kind of call takes several. */
  protected receivePacked(bytes: Uint8Array): void {
    const plain = this.unpack(bytes);
    if (!isPromise(plain)) {
      this.receive(plain);
      return;
    }
    this.#unpacking = true;
    plain.then(
      (message) => this.#unpacked(message),
      (error: unknown) => this.fail(error),
    );
  }

  /** The message in compressed bytes. Fails with what the client is to be told. */
  protected unpack(bytes: Uint8Array): unknown {
    const plain = unpack(bytes, this.host.maxReceiveBytes);
    return isPromise(plain) ? plain.then((whole) => this.#decode(whole)) : this.#decode(plain);
  }

  /**
   * Turns a reply into its frame, compressed where that is asked for: a promise when that takes a while. Throws
   * when the reply does not fit its type, or is too large.
   */
  protected encode(reply: unknown): Uint8Array | Promise<Uint8Array> {
    const frame = this.#format.encode(reply);
    const { maxSendBytes } = this.host;
    if (frame.length - framePrefixBytes > maxSendBytes) {
      const size = frame.length - framePrefixBytes;
      const message = `a reply of ${size} bytes is larger than the limit of ${maxSendBytes} bytes`;
      throw new GrpcFailure(GrpcCode.RESOURCE_EXHAUSTED, message);
    }
    this.#counts?.send();
    return this.#packer === undefined ? frame : this.#packer.pack(frame);
  }

  /** Sends the reply's headers, unless they are on their way. */
  protected respond(): void {
    if (this.#headersSent) return;
    this.#headersSent = true;
    const constant = this.#replyHeaders();
    const written = this.context.writtenHeader;
    if (written === undefined) {
      this.stream.respond(constant);
      return;
    }
    const fields: Field[] = [...constant.fields];
    this.#append(written, fields);
    try {
      this.stream.respond(fields);
    } catch (error) {
      // The engine cannot carry what the handler wrote; the reply is worth more than that.
      this.#log(error);
      this.stream.respond(constant);
    }
  }

  /** Sends a message of several. False: wait for `onDrain`, and give it to {@link sent}, before more. */
  protected write(frame: Uint8Array): boolean {
    const goOn = this.stream.write(frame);
    if (goOn) this.sent(frame);
    return goOn;
  }

  /** There is nothing more to do for `frame`, unless the stream still looks at it. */
  protected sent(frame: Uint8Array): void {
    if (this.stream.copied === true) this.#format.reuse?.(frame);
  }

  /** Ends the call well, after `last` if given. */
  protected succeed(last?: Uint8Array): void {
    if (this.#done) return;
    this.respond();
    this.#counts?.succeed();
    this.#end();
    this.#sendTrailers(okTrailers, last);
    if (last !== undefined) this.sent(last);
  }

  /** Ends the call with the status of `error`. Without effect once it has ended. */
  protected fail(error: unknown): void {
    if (this.#done) return;
    const { fields, unexpected } = toTrailers(error);
    if (unexpected) this.#log(error);
    this.#cancel(error);
    const { context, stream } = this;
    if (
      this.#headersSent ||
      context.writtenHeader !== undefined ||
      context.writtenTrailer !== undefined
    ) {
      this.respond();
      this.#sendTrailers(fields);
    } else {
      stream.respond([...this.#replyHeaders().fields, ...fields], true);
    }
  }

  #sendTrailers(status: Fields, last?: Uint8Array): void {
    const written = this.context.writtenTrailer;
    if (written === undefined) {
      this.stream.end(status, last);
      return;
    }
    const fields: Field[] = [...(status instanceof HeaderSet ? status.fields : status)];
    this.#append(written, fields);
    try {
      this.stream.end(fields, last);
    } catch (error) {
      this.#log(error); // as for headers
      this.stream.end(status, last);
    }
  }

  /** Adds what a handler wrote; of what cannot be sent the log is told. */
  #append(written: GrpcHeader, fields: Field[]): void {
    const own: Field[] = [];
    written.appendTo(own);
    const leftOut = appendSendable(fields, own);
    if (leftOut.length === 0) return;
    const { operation } = this.binding;
    const names = [...new Set(leftOut)].slice(0, maxNames);
    this.host.logger.warn({ operation, names }, "metadata of a grpc reply does not fit");
  }

  #decode(plain: Uint8Array): unknown {
    try {
      return this.#format.decode(plain, 0, plain.length);
    } catch (error) {
      throw toRequestFailure(error);
    }
  }

  #unpacked(message: unknown): void {
    this.#unpacking = false;
    if (this.#done) return;
    try {
      this.receive(message);
      if (this.#requestEnded) this.receiveEnd();
    } catch (error) {
      this.fail(toRequestFailure(error));
    }
  }

  #replyHeaders(): HeaderSet {
    const proto = this.#format.contentType === "application/grpc";
    if (this.#packer === undefined) return proto ? protoHeaders : jsonHeaders;
    return proto ? packedProtoHeaders : packedJsonHeaders;
  }

  #cancel(reason: unknown): void {
    if (this.#done) return;
    this.#counts?.fail();
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

const protoHeaders = new HeaderSet([
  [":status", "200"],
  ["content-type", "application/grpc"],
]);

const jsonHeaders = new HeaderSet([
  [":status", "200"],
  ["content-type", "application/grpc+json"],
]);

const packedProtoHeaders = new HeaderSet([...protoHeaders.fields, ["grpc-encoding", "gzip"]]);

const packedJsonHeaders = new HeaderSet([...jsonHeaders.fields, ["grpc-encoding", "gzip"]]);
