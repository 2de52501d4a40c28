/** Limits of a {@link RetryBudget}. */
export interface RetryBudgetOptions {
  /** Retries that may follow each other without a success between them. */
  readonly capacity: number;
  /** Retries that each success pays for. */
  readonly perSuccess: number;
  /** Retries that each second pays for, so that those who call rarely have some too. */
  readonly perSecond: number;
}

/**
 * Keeps retries a small part of all calls, so that a service that fails under its load is not given twice
 * the load. A bucket of tokens: a retry takes one, successes and time put some back.
 */
export class RetryBudget {
  readonly #options: RetryBudgetOptions;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  /** `now` in milliseconds. */
  constructor(options: RetryBudgetOptions, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
    this.#tokens = options.capacity;
    this.#filledAt = now();
  }

  /** Pays for a retry; false: it must not be made. */
  take(): boolean {
    const now = this.#now();
    this.#add(((now - this.#filledAt) / 1000) * this.#options.perSecond);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** A call succeeded. */
  succeeded(): void {
    this.#add(this.#options.perSuccess);
  }

  #add(tokens: number): void {
    this.#tokens = Math.min(this.#options.capacity, this.#tokens + tokens);
  }
}
