/** A call that its caller may end by a signal. */
export interface AbortableCall {
  /** The signal was aborted for this reason. */
  onCallerAbort(reason: unknown): void;
}

/**
 * Follows the signals of callers for the calls of one client, with one listener for each signal however many
 * calls it is for: the platform takes more than ten for a leak and says so.
 */
export class CallerSignals {
  readonly #followed = new WeakMap<AbortSignal, FollowedSignal>();

  /** Tells `call` when `signal` is aborted, at once if it is, until {@link leave}. */
  follow(signal: AbortSignal, call: AbortableCall): void {
    if (signal.aborted) {
      call.onCallerAbort(signal.reason);
      return;
    }
    let followed = this.#followed.get(signal);
    if (followed === undefined) {
      followed = new FollowedSignal(signal);
      this.#followed.set(signal, followed);
    }
    followed.add(call);
  }

  /** The call is over. */
  leave(signal: AbortSignal, call: AbortableCall): void {
    this.#followed.get(signal)?.delete(call);
  }
}

class FollowedSignal {
  readonly #signal: AbortSignal;
  readonly #calls = new Set<AbortableCall>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(call: AbortableCall): void {
    if (this.#calls.size === 0) this.#signal.addEventListener("abort", this.#tellAll);
    this.#calls.add(call);
  }

  delete(call: AbortableCall): void {
    if (!this.#calls.delete(call) || this.#calls.size > 0) return;
    this.#signal.removeEventListener("abort", this.#tellAll);
  }

  readonly #tellAll = (): void => {
    for (const call of this.#calls) call.onCallerAbort(this.#signal.reason);
  };
}
