import type { Logger } from "../../log/logger.ts";
import { toAbortError, tooLate } from "../abort-error.ts";
import type { CallOptions } from "../method.ts";
import { HttpClientContext } from "./client-context.ts";
import type { ClientRoute } from "./client-route.ts";

/** The longest delay that `setTimeout` takes. */
const maxDelay = 2 ** 31 - 1;

/** The context of a call, and what ends the call early: its time, and its caller's signal. */
export class ClientScope {
  readonly context: HttpClientContext;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #abort = (): void => this.context.abort(toAbortError(this.#signal?.reason));

  /** `timeout` in milliseconds; what is not above 0 is none. */
  constructor(
    { operation, pathTemplate }: ClientRoute,
    endpoint: string,
    logger: Logger,
    timeout: number,
    options: CallOptions,
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
    if (this.#signal?.aborted === true) this.#abort();
    this.#signal?.addEventListener("abort", this.#abort, { once: true });
    if (!limited) return;
    const expire = (): void =>
      this.context.abort(tooLate(`"${operation}" took longer than ${timeout} ms`));
    this.#timer = setTimeout(expire, Math.min(timeout, maxDelay));
  }

  /** The call is over. */
  release(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#abort);
    this.context.onAbort(undefined);
  }
}
