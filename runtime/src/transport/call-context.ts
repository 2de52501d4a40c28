import type { Logger } from "../log/logger.ts";
import type { CallContext, ContextKey, TransportKind } from "./context.ts";
import type { Header } from "./header.ts";
import type { StopSignal } from "./stop-signal.ts";

/**
 * The part of a {@link CallContext} that both transports share. What a call may never ask for (signal,
 * values, child logger) is made on first use; transports override what they know better.
 */
export abstract class BaseCallContext implements CallContext {
  abstract readonly side: "server" | "client";
  abstract readonly kind: TransportKind;
  abstract readonly peer: string;
  abstract readonly requestHeader: Header;
  abstract readonly replyHeader: Header;

  readonly operation: string;
  readonly endpoint: string;
  readonly logger: Logger;
  deadline: number | undefined;

  readonly #stop: StopSignal;
  #controller: AbortController | undefined;
  #aborted = false;
  #reason: unknown;
  #values: Map<ContextKey<unknown>, unknown> | undefined;

  constructor(
    operation: string,
    endpoint: string,
    logger: Logger,
    deadline: number | undefined,
    stop: StopSignal,
  ) {
    this.operation = operation;
    this.endpoint = endpoint;
    this.logger = logger;
    this.deadline = deadline;
    this.#stop = stop;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get stopping(): AbortSignal {
    return this.#stop.signal;
  }

  /** Whether {@link abort} was called; costs nothing, unlike `signal.aborted`. */
  get aborted(): boolean {
    return this.#aborted;
  }

  /** Ends the call for whoever watches `signal`, now or later. Only the first reason counts. */
  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  get<T>(key: ContextKey<T>): T | undefined {
    if (this.#values?.has(key)) return this.#values.get(key) as T;
    return key.defaultValue;
  }

  set<T>(key: ContextKey<T>, value: T): void {
    this.#values ??= new Map();
    this.#values.set(key, value);
  }
}
