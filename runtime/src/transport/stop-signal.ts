/**
 * Tells the calls of a server that it stops, and those of a client that it was closed: one signal for all of them,
 * made when the first of them asks.
 */
export class StopSignal {
  #controller: AbortController | undefined;
  #stopped = false;
  #reason: unknown;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      expectListeners(this.#controller.signal);
      if (this.#stopped) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** From here on the signal is aborted. Only the first reason counts. */
  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** Node takes more than ten listeners for a leak, where each open stream has one; browsers do not count them. */
function expectListeners(signal: AbortSignal): void {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  process?.getBuiltinModule?.("node:events").setMaxListeners(0, signal);
}
