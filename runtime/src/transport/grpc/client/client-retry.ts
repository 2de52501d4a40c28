import { backoffDelay, type BackoffOptions } from "../../../resilience/backoff.ts";
import { RetryBudget } from "../../../resilience/retry-budget.ts";
import type { GrpcHedgingOptions, GrpcRetryOptions } from "./client-options.ts";

/**
 * How far an attempt came.
 * - `unprocessed`: the server surely did nothing for it.
 * - `unknown`: the connection or the stream broke; the server may have done what was asked.
 * - `answered`: the server has said that it failed.
 */
export type AttemptFate = "unprocessed" | "unknown" | "answered";

/** How an attempt failed. */
export interface AttemptFailure {
  readonly fate: AttemptFate;
  /** What a `KratosError` has as its code. */
  readonly status: number;
  /** Milliseconds after which the server wants to be asked again; negative: never. Undefined: it did not say. */
  readonly pushback: number | undefined;
}

/**
 * Decides which attempts are repeated, and when. One for each client, since what it spends on retries is
 * bounded: about a tenth of what succeeds. https://github.com/grpc/proposal/blob/master/A6-client-retries.md
 */
export class RetryPolicy {
  /** What a call that may be repeated is sent to at a time; undefined: one server. */
  readonly hedging: { readonly delay: number; readonly attempts: number } | undefined;
  readonly #attempts: number;
  readonly #statuses: ReadonlySet<number>;
  readonly #backoff: BackoffOptions;
  readonly #budget = new RetryBudget({ capacity: 10, perSuccess: 0.1, perSecond: 1 });

  constructor(
    options: false | GrpcRetryOptions = {},
    hedging: false | GrpcHedgingOptions | undefined = false,
  ) {
    const given: GrpcRetryOptions = options === false ? { attempts: 1 } : options;
    this.#attempts = given.attempts ?? 3;
    this.#statuses = new Set(given.statuses ?? [429, 503]);
    this.#backoff = { initial: given.initialDelay ?? 50, max: given.maxDelay ?? 1000 };
    if (hedging === false) this.hedging = undefined;
    else this.hedging = { delay: Math.max(0, hedging.delay), attempts: hedging.attempts ?? 2 };
  }

  /** A call has succeeded. */
  succeeded(): void {
    this.#budget.succeeded();
  }

  /** Whether a further attempt may be paid for. */
  take(): boolean {
    return this.#budget.take();
  }

  /**
   * Milliseconds after which attempt `attempt` (1 for the first) is repeated; undefined: it is not.
   * `repeatable`: doing it twice is as good as once. `elsewhere`: there is a server that this call has not tried,
   * which is asked at once. `left`: milliseconds until nobody waits any more.
   */
  delayAfter(
    attempt: number,
    failure: AttemptFailure,
    call: { readonly repeatable: boolean; readonly elsewhere: boolean; readonly left: number },
  ): number | undefined {
    if (attempt >= this.#attempts || !this.mayRepeat(failure, call.repeatable)) return undefined;
    let delay = call.elsewhere ? 0 : failure.pushback;
    delay ??= backoffDelay(this.#backoff, attempt);
    return delay < Math.min(call.left, longest) && this.#budget.take() ? delay : undefined;
  }

  /** Whether another attempt may be better than one that failed like this. */
  mayRepeat({ fate, status, pushback }: AttemptFailure, repeatable: boolean): boolean {
    if (pushback !== undefined && pushback < 0) return false;
    if (fate === "unprocessed") return true;
    if (!repeatable) return false;
    if (fate === "unknown") return true;
    return this.#statuses.has(status) && (status !== 429 || pushback !== undefined);
  }
}

/** The longest delay that `setTimeout` takes. */
const longest = 2 ** 31 - 1;

/** Reads a `grpc-retry-pushback-ms`. What is no number means that the server does not want to be asked again. */
export function parsePushback(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d{1,9}$/.test(text) ? Number(text) : -1;
}
