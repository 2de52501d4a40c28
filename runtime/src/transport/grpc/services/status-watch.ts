import type { ServingStatus } from "./health.ts";

type Step = IteratorResult<ServingStatus | undefined, undefined>;

interface Waiter {
  resolve(step: Step): void;
  reject(error: Error): void;
}

/** Tells one reader of a status and of its changes; of those that follow each other too fast the last one only. */
export class StatusWatch implements AsyncIterator<ServingStatus | undefined, undefined> {
  readonly #read: () => ServingStatus | undefined;
  readonly #onReturn: () => void;
  #told: ServingStatus | undefined | null = null;
  #waiter: Waiter | undefined;
  /** Null: the reader has left, or knows why it has ended. */
  #end: Error | undefined | null;

  constructor(read: () => ServingStatus | undefined, onReturn: () => void) {
    this.#read = read;
    this.#onReturn = onReturn;
  }

  /** Tells the reader what has become of the status. */
  check(): void {
    const status = this.#read();
    if (this.#waiter === undefined || status === this.#told) return;
    this.#told = status;
    this.#waiter.resolve({ done: false, value: status });
    this.#waiter = undefined;
  }

  /** Fails with `reason`, once the reader knows the last status. */
  end(reason: Error): void {
    this.#end = reason;
    this.#waiter?.reject(reason);
    this.#waiter = undefined;
  }

  next(): Promise<Step> {
    if (this.#end === null) return Promise.resolve({ done: true, value: undefined });
    const status = this.#read();
    if (status !== this.#told) {
      this.#told = status;
      return Promise.resolve({ done: false, value: status });
    }
    if (this.#end !== undefined) {
      const reason = this.#end;
      this.#end = null;
      return Promise.reject(reason);
    }
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  return(): Promise<Step> {
    this.#end = null;
    this.#waiter?.resolve({ done: true, value: undefined });
    this.#waiter = undefined;
    this.#onReturn();
    return Promise.resolve({ done: true, value: undefined });
  }
}
