import type { Logger } from "../../../log/logger.ts";
import { toAbortError, tooLate } from "../../abort-error.ts";
import type { AbortableCall, CallerSignals } from "../../caller-signals.ts";
import type { CallOptions } from "../../method.ts";
import type { StopSignal } from "../../stop-signal.ts";
import { HttpClientContext } from "./client-context.ts";
import { setCallHeaders } from "./client-headers.ts";
import type { ClientRoute } from "./client-route.ts";
import { isLimited, startTimer } from "./client-timer.ts";

/** What the calls of a client begin with. */
export interface ClientScopeSource {
  /** As the client was given it, for contexts. */
  readonly endpoint: string;
  readonly logger: Logger;
  /** Of every call; names and values in turn, checked. */
  readonly headers: readonly string[];
  readonly signals: CallerSignals;
  /** Tells calls that the client was closed. */
  readonly stop: StopSignal;
}

/** The context of a call, and what ends the call early: its time, and its caller's signal. */
export class ClientScope implements AbortableCall {
  readonly context: HttpClientContext;
  readonly #signal: AbortSignal | undefined;
  readonly #signals: CallerSignals;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  /** `timeout` in milliseconds; what is not above 0 is none. Throws 400 `CODEC` for headers that cannot be sent. */
  constructor(
    { endpoint, logger, headers, signals, stop }: ClientScopeSource,
    { operation, pathTemplate }: ClientRoute,
    timeout: number,
    options: CallOptions,
  ) {
    this.context = new HttpClientContext(
      operation,
      endpoint,
      logger,
      isLimited(timeout) ? Date.now() + timeout : undefined,
      stop,
      pathTemplate,
      headers,
      options,
    );
    // What can fail comes before anything that has to be let go of.
    if (options.headers !== undefined) {
      setCallHeaders(this.context.requestHeader, options.headers);
    }
    this.#signal = options.signal;
    this.#signals = signals;
    if (this.#signal !== undefined) signals.follow(this.#signal, this);
    this.#timer = startTimer(timeout, () =>
      this.context.abort(tooLate(`"${operation}" took longer than ${timeout} ms`)),
    );
  }

  onCallerAbort(reason: unknown): void {
    this.context.abort(toAbortError(reason));
  }

  /** The call is over. */
  release(): void {
    clearTimeout(this.#timer);
    if (this.#signal !== undefined) this.#signals.leave(this.#signal, this);
    this.context.onAbort(undefined);
  }
}
