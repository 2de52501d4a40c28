import type { KratosError } from "../../../errors/kratos-error.ts";
import type { Logger } from "../../../log/logger.ts";
import { toAbortError, tooLate } from "../../abort-error.ts";
import { BaseCallContext } from "../../call-context.ts";
import type { CallOptions } from "../../method.ts";
import type { CallTimer, CallTimers, Expiring } from "../../call-timers.ts";
import type { Header } from "../../header.ts";
import type { HeaderView } from "../../http2/engine.ts";
import { GrpcHeader } from "../protocol/metadata.ts";

/** What ends when its context does. */
export interface Cancelable {
  cancel(error: KratosError): void;
}

/**
 * What a client's middleware knows about a call. It holds the deadline and the caller's signal for
 * everything that happens in the call, repeated attempts of a middleware included.
 */
export class GrpcClientContext extends BaseCallContext implements Expiring {
  readonly side = "client";
  readonly kind = "grpc";
  peer = "";
  timer: CallTimer | undefined = undefined;
  readonly #timers: CallTimers;
  readonly #timeout: number;
  readonly #options: CallOptions;
  #requestHeader: GrpcHeader | undefined;
  #replyHeader: GrpcHeader | undefined;
  #replyView: HeaderView | undefined;
  #running: Cancelable | undefined;
  #failure: KratosError | undefined;

  /** `timeout` in milliseconds; 0: none. Throws a `TypeError` for headers that gRPC cannot carry. */
  constructor(
    operation: string,
    endpoint: string,
    logger: Logger,
    timers: CallTimers,
    timeout: number,
    options: CallOptions,
  ) {
    super(operation, endpoint, logger, timeout > 0 ? Date.now() + timeout : undefined);
    this.#timers = timers;
    this.#timeout = timeout;
    this.#options = options;
    if (options.headers !== undefined) this.#addHeaders(options.headers);
    const { signal } = options;
    if (signal?.aborted === true) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort);
    if (timeout > 0) timers.start(this, timeout);
  }

  /** Why the call must not go on; undefined while it may. */
  get failure(): KratosError | undefined {
    return this.#failure;
  }

  /** Makes `call` the one that is canceled when this context ends; undefined: none. */
  attach(call: Cancelable | undefined): void {
    this.#running = call;
  }

  get requestHeader(): Header {
    this.#requestHeader ??= new GrpcHeader();
    return this.#requestHeader;
  }

  get replyHeader(): Header {
    return this.#readReplyHeader();
  }

  /** What is to be sent; undefined when that is nothing. */
  get writtenHeader(): GrpcHeader | undefined {
    return this.#requestHeader;
  }

  /** Takes the headers of the reply. Throws what the caller's `onHeader` throws. */
  receiveHeader(view: HeaderView): void {
    this.#replyView = view;
    this.#replyHeader = undefined;
    this.#options.onHeader?.(this.#readReplyHeader().toMap());
  }

  onDeadline(): void {
    this.end(tooLate(`"${this.operation}" took longer than ${this.#timeout} ms`));
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
    this.#timers.stop(this);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.end(toAbortError(this.#options.signal?.reason));
  };

  #readReplyHeader(): GrpcHeader {
    const view = this.#replyView;
    this.#replyHeader ??= view === undefined ? new GrpcHeader() : GrpcHeader.from(view);
    return this.#replyHeader;
  }

  #addHeaders(headers: NonNullable<CallOptions["headers"]>): void {
    for (const [name, value] of Object.entries(headers)) {
      for (const one of typeof value === "string" ? [value] : value) {
        this.requestHeader.add(name, one);
      }
    }
  }
}
