import type { Logger } from "../../../log/logger.ts";
import { toAbortError, tooLate } from "../../abort-error.ts";
import type { AbortableCall, CallerSignals } from "../../caller-signals.ts";
import type { CallOptions } from "../../method.ts";
import { HttpClientContext } from "./client-context.ts";
import type { ClientRoute } from "./client-route.ts";

/** The longest delay that `setTimeout` takes. */
const maxDelay = 2 ** 31 - 1;

/** The context of a call, and what ends the call early: its time, and its caller's signal. */
export class ClientScope implements AbortableCall {
  readonly context: HttpClientContext;
  readonly #signal: AbortSignal | undefined;
  readonly #signals: CallerSignals;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  /** `timeout` in milliseconds; what is not above 0 is none. */
  constructor(
    { operation, pathTemplate }: ClientRoute,
    endpoint: string,
    logger: Logger,
    timeout: number,
    options: CallOptions,
    signals: CallerSignals,
  ) {
    const limited = timeout > 0 && Number.isFinite(timeout);
    const deadline = limited ? Date.now() + timeout : undefined;
    this.context = new HttpClientContext(
      operation,
      endpoint,
      logger,
      deadline,
      pathTemplate,
      options,
    );
    this.#signal = options.signal;
    this.#signals = signals;
    if (this.#signal !== undefined) signals.follow(this.#signal, this);
    if (!limited) return;
    const expire = (): void =>
      this.context.abort(tooLate(`"${operation}" took longer than ${timeout} ms`));
    this.#timer = setTimeout(expire, Math.min(timeout, maxDelay));
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
