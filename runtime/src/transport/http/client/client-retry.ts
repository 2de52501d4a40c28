import { backoffDelay, type BackoffOptions } from "../../../resilience/backoff.ts";
import { RetryBudget } from "../../../resilience/retry-budget.ts";
import type { SendFate } from "./client-sender.ts";
import { maxDelay } from "./client-timer.ts";

/** How calls are sent again that failed. */
export interface ClientRetryOptions {
  /** Times that a call is sent at most. Default: 3. */
  readonly attempts?: number | undefined;
  /**
   * Statuses after which a call without effects is sent again. 429 counts only where the service says by
   * `Retry-After` when to come back. Default: 429, 502 and 503.
   */
  readonly statuses?: readonly number[] | undefined;
  /** The longest wait before the first repetition, in milliseconds; doubled for each one more. Default: 50. */
  readonly initialDelay?: number | undefined;
  /** What the longest wait grows to, in milliseconds. Default: 1000. */
  readonly maxDelay?: number | undefined;
}

/** How an attempt failed. */
export interface AttemptFailure {
  /** Whether the service may have done what was asked; `answered`: it has said that it failed. */
  readonly fate: SendFate | "answered";
  /** The status of an answer. */
  readonly status: number;
  /** The header `Retry-After` of an answer. */
  readonly retryAfter: string | undefined;
}

/**
 * Decides which attempts are repeated, and when. One for each client, since what it spends on retries is
 * bounded: about a tenth of what succeeds.
 */
export class RetryPolicy {
  readonly #attempts: number;
  readonly #statuses: ReadonlySet<number>;
  readonly #backoff: BackoffOptions;
  readonly #budget = new RetryBudget({ capacity: 10, perSuccess: 0.1, perSecond: 1 });

  constructor(options: false | ClientRetryOptions = {}) {
    const given: ClientRetryOptions = options === false ? { attempts: 1 } : options;
    this.#attempts = given.attempts ?? 3;
    this.#statuses = new Set(given.statuses ?? [429, 502, 503]);
    this.#backoff = { initial: given.initialDelay ?? 50, max: given.maxDelay ?? 1000 };
  }

  /** A call has succeeded. */
  succeeded(): void {
    this.#budget.succeeded();
  }

  /**
   * Milliseconds after which attempt `attempt` (1 for the first) is repeated; undefined: it is not.
   * `repeatable`: doing it twice is as good as once. `elsewhere`: there is a server that this call
   * has not tried, which is asked at once, whatever one that failed says of its own time.
   * `passedOver`: nobody could be connected to, while others are not known to be so, too; going on to one of those
   * adds to nobody's load and costs nothing. `left`: milliseconds until nobody waits any more.
   */
  delayAfter(
    attempt: number,
    failure: AttemptFailure,
    call: {
      readonly repeatable: boolean;
      readonly elsewhere: boolean;
      readonly passedOver: boolean;
      readonly left: number;
    },
  ): number | undefined {
    if (attempt >= this.#attempts) return undefined;
    const unsent = failure.fate === "unreachable" || failure.fate === "unsent";
    if (!unsent && !call.repeatable) return undefined;
    let delay: number | undefined;
    if (failure.fate === "answered") {
      if (!this.#statuses.has(failure.status)) return undefined;
      delay = parseRetryAfter(failure.retryAfter);
      if (delay === undefined && failure.status === 429) return undefined;
    }
    if (call.elsewhere) delay = 0;
    delay ??= backoffDelay(this.#backoff, attempt);
    if (delay >= Math.min(call.left, maxDelay)) return undefined;
    return (call.elsewhere && call.passedOver) || this.#budget.take() ? delay : undefined;
  }

  /**
   * Whether a call goes out once more at once, over a new connection, since the one that was kept had gone.
   * Costs nothing of what retries may cost: a server that closes idle connections is not in trouble.
   */
  repeatsLost(failure: AttemptFailure, repeatable: boolean): boolean {
    if (this.#attempts === 1) return false;
    return failure.fate === "unsent" || (failure.fate === "stale" && repeatable);
  }
}

/** What every date of HTTP holds; `Date.parse` also takes what is none, such as `-5`. */
const timeOfDay = / \d\d:\d\d:\d\d /;

/** Reads a `Retry-After`, which is seconds or a date. Milliseconds. */
function parseRetryAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = timeOfDay.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
