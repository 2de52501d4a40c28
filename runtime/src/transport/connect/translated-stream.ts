import type { Field, Fields, HeaderView, StreamSink } from "../http2/engine.ts";
import type { ConnectionInfo, ServerStream } from "../http2/server-engine.ts";
import type { GrpcFailure } from "../grpc/protocol/status.ts";
import { toTrailers } from "../grpc/protocol/status.ts";

/**
 * A stream that a call of gRPC takes for its own, while the client speaks another protocol: what comes over
 * `outer` is told to the call as gRPC, and what the call answers goes out as the protocol has it.
 */
export abstract class TranslatedStream implements ServerStream, StreamSink {
  abstract readonly headers: HeaderView;
  protected readonly outer: ServerStream;
  #sink: StreamSink | undefined;
  #answered = false;

  constructor(outer: ServerStream) {
    this.outer = outer;
  }

  /** The call that is told what comes in. */
  attach(sink: StreamSink): void {
    this.#sink = sink;
  }

  abstract respond(fields: Fields, endStream?: boolean): void;
  abstract write(bytes: Uint8Array): boolean;
  abstract end(trailers: Fields, last?: Uint8Array): void;

  get connection(): ConnectionInfo {
    return this.outer.connection;
  }

  reset(code: number): void {
    this.outer.reset(code);
  }

  pause(): void {
    this.outer.pause();
  }

  resume(): void {
    this.outer.resume();
  }

  get busy(): boolean {
    return this.#sink?.busy ?? false;
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    this.#sink?.onData(bytes, start, end);
  }

  onEnd(): void {
    this.#sink?.onEnd();
  }

  onReset(code: number, cause?: Error): void {
    this.#sink?.onReset(code, cause);
  }

  onCutOff(cause: Error): void {
    this.#sink?.onCutOff?.(cause);
  }

  onDrain(): void {
    this.#sink?.onDrain();
  }

  /** Whether the call has its answer, so that nothing that comes in is of interest. */
  protected get answered(): boolean {
    return this.#answered;
  }

  /** Answers in place of the call, if there is one already. */
  refuse(failure: GrpcFailure): void {
    if (this.#answered) return;
    const sink = this.#sink;
    this.#sink = undefined;
    this.end(toTrailers(failure).fields);
    sink?.onReset(0);
  }

  /** True once: for the call's answer, which nothing may follow. */
  protected answer(): boolean {
    if (this.#answered) return false;
    this.#answered = true;
    return true;
  }
}

/** Whether a field of a reply belongs to gRPC or HTTP, and is not the handler's. */
export function isProtocolField(name: string): boolean {
  if (name === "connect-content-encoding" || name === "connect-accept-encoding") return true;
  return name.startsWith(":") || name.startsWith("grpc-") || name === "content-type";
}

/** What the handler has added to a reply. */
export function handlerFields(fields: readonly Field[]): Field[] {
  return fields.filter(([name]) => !isProtocolField(name));
}

/** The value of the one field with this name. */
export function findField(fields: readonly Field[], name: string): string | undefined {
  return fields.find(([each]) => each === name)?.[1];
}

/** What a stream without trailers ends with. */
export const noTrailers: readonly Field[] = [];
