/** Milliseconds for which one stream may keep the event loop from all others. */
const maxTurn = 10;

/** How many steps are taken between looks at the clock. */
const stepsPerLook = 8;

/**
 * Makes work that never has to wait leave the event loop to others now and then: promises that are there already
 * let nothing else run.
 */
export class Turn {
  #steps = 0;
  #since = performance.now();

  /** Whether it is time to wait for {@link next}. Counts a step. */
  get isOver(): boolean {
    if (++this.#steps < stepsPerLook) return false;
    this.#steps = 0;
    return performance.now() - this.#since > maxTurn;
  }

  /** Lets everything else run that can. */
  async next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
