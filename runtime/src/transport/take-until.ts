import { stopIterator } from "./stop-iterator.ts";

/**
 * What `source` yields until `signal` aborts: then the loop over it ends as if there were no more, also while it
 * waits, and `source` is told to let go of what it holds. For one reader at a time.
 *
 * ```ts
 * async *watch(request: WatchRequest, { signal, stopping }: CallContext) {
 *   for await (const [order] of takeUntil(on(this.#orders, "change", { signal }), stopping)) yield order;
 * }
 * ```
 */
export function takeUntil<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => new TakenUntil(source[Symbol.asyncIterator](), signal) };
}

class TakenUntil<T> implements AsyncIterator<T, undefined> {
  readonly #source: AsyncIterator<T>;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.#abort();
  #resolve: ((end: IteratorReturnResult<undefined>) => void) | undefined;
  #over = false;

  constructor(source: AsyncIterator<T>, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort);
    if (signal.aborted) this.#abort();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#over) return Promise.resolve(end);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#source.next().then(
        (step) => {
          if (step.done === true) this.#finish();
          resolve(step.done === true ? end : step);
        },
        (error: unknown) => {
          this.#finish();
          reject(error as Error);
        },
      );
    });
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#finish();
    await this.#source.return?.();
    return end;
  }

  #abort(): void {
    const resolve = this.#resolve;
    this.#finish();
    resolve?.(end);
    void stopIterator(this.#source);
  }

  /** The signal outlives the loop and must not hold it. */
  #finish(): void {
    this.#over = true;
    this.#resolve = undefined;
    this.#signal.removeEventListener("abort", this.#onAbort);
  }
}

const end: IteratorReturnResult<undefined> = { done: true, value: undefined };
