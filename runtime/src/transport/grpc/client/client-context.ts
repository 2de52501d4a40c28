import type { KratosError } from "../../../errors/kratos-error.ts";
import type { Logger } from "../../../log/logger.ts";
import { toAbortError, tooLate } from "../../abort-error.ts";
import { BaseCallContext } from "../../call-context.ts";
import type { CallTimer, CallTimers, Expiring } from "../../call-timers.ts";
import type { AbortableCall, CallerSignals } from "../../caller-signals.ts";
import type { Header } from "../../header.ts";
import type { HeaderView } from "../../http2/engine.ts";
import type { CallOptions } from "../../method.ts";
import type { StopSignal } from "../../stop-signal.ts";
import { GrpcHeader } from "../protocol/metadata.ts";

/** What ends when its context does. */
export interface Cancelable {
  cancel(error: KratosError): void;
}

/** What the contexts of a client have in common. */
export interface ContextSource {
  readonly endpoint: string;
  readonly logger: Logger;
  readonly timers: CallTimers;
  readonly signals: CallerSignals;
  /** Tells calls that the client was closed. */
  readonly stop: StopSignal;
  /** Sent with every call. */
  readonly header: GrpcHeader;
  readonly waitForReady: boolean;
  /** Whether requests are compressed. */
  readonly compression: boolean;
}

/**
 * What a client's middleware knows about a call. It holds the deadline and the caller's signal for
 * everything that happens in the call, repeated attempts included.
 */
export class GrpcClientContext extends BaseCallContext implements Expiring, AbortableCall {
  readonly side = "client";
  readonly kind = "grpc";
  peer = "";
  timer: CallTimer | undefined = undefined;
  readonly #source: ContextSource;
  readonly #timeout: number;
  readonly #options: CallOptions;
  #requestHeader: GrpcHeader | undefined;
  #replyHeader: GrpcHeader | undefined;
  #replyView: HeaderView | undefined;
  #running: Cancelable | undefined;
  #failure: KratosError | undefined;

  /** `timeout` in milliseconds; 0: none. Throws a `TypeError` for headers that gRPC cannot carry. */
  constructor(source: ContextSource, operation: string, timeout: number, options: CallOptions) {
    const { endpoint, logger, timers, signals, stop } = source;
    const limited = timeout > 0 && Number.isFinite(timeout);
    super(operation, endpoint, logger, limited ? Date.now() + timeout : undefined, stop);
    this.#source = source;
    this.#timeout = timeout;
    this.#options = options;
    if (options.headers !== undefined) addHeaders(this.#ownHeader(), options.headers);
    if (options.signal !== undefined) signals.follow(options.signal, this);
    if (limited) timers.start(this, timeout);
  }

  /** Why the call must not go on; undefined while it may. */
  get failure(): KratosError | undefined {
    return this.#failure;
  }

  /** Whether doing the call twice is as good as once; undefined: its method says it. */
  get repeatable(): boolean | undefined {
    return this.#options.repeatable;
  }

  get waitForReady(): boolean {
    return this.#options.waitForReady ?? this.#source.waitForReady;
  }

  get compression(): boolean {
    return this.#options.compression ?? this.#source.compression;
  }

  /** Makes `call` the one that is canceled when this context ends; undefined: none. */
  attach(call: Cancelable | undefined): void {
    this.#running = call;
  }

  get requestHeader(): Header {
    return this.#ownHeader();
  }

  get replyHeader(): Header {
    return this.#readReplyHeader();
  }

  /** What is to be sent. */
  get writtenHeader(): GrpcHeader {
    return this.#requestHeader ?? this.#source.header;
  }

  /** Takes the headers of the reply. Throws what the caller's `onHeader` throws. */
  receiveHeader(view: HeaderView): void {
    this.#replyView = view;
    this.#replyHeader = undefined;
    this.#options.onHeader?.(this.#readReplyHeader().toMap());
  }

  /** Takes what came at the end of the reply. Throws what the caller's `onTrailer` throws. */
  receiveTrailer(view: HeaderView): void {
    this.#options.onTrailer?.(GrpcHeader.from(view).toMap());
  }

  onDeadline(): void {
    this.end(tooLate(`"${this.operation}" took longer than ${this.#timeout} ms`));
  }

  /** Ends the call when its time is over, though the timer has not said so yet. */
  expireIfDue(): boolean {
    if (this.deadline === undefined || Date.now() < this.deadline) return false;
    this.onDeadline();
    return true;
  }

  onCallerAbort(reason: unknown): void {
    this.end(toAbortError(reason));
  }

  /** Ends the call with `error` for everybody. Only the first error counts. */
  end(error: KratosError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.finish();
    this.abort(error);
    this.#running?.cancel(error);
  }

  /** Nothing happens in the call any more: lets go of timer and signal. */
  finish(): void {
    this.#source.timers.stop(this);
    const { signal } = this.#options;
    if (signal !== undefined) this.#source.signals.leave(signal, this);
  }

  #ownHeader(): GrpcHeader {
    this.#requestHeader ??= this.#source.header.copy();
    return this.#requestHeader;
  }

  #readReplyHeader(): GrpcHeader {
    const view = this.#replyView;
    this.#replyHeader ??= view === undefined ? new GrpcHeader() : GrpcHeader.from(view);
    return this.#replyHeader;
  }
}

/** Puts headers in the place of those that have the same names. Throws a `TypeError` for what gRPC cannot carry. */
export function addHeaders(
  header: GrpcHeader,
  given: Readonly<Record<string, string | readonly string[]>>,
): void {
  for (const [name, value] of Object.entries(given)) {
    const [first, ...others] = [value].flat();
    if (first === undefined) continue;
    header.set(name, first);
    for (const other of others) header.add(name, other);
  }
}
