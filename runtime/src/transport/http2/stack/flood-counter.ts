/**
 * Counts what a peer may do now and then, but not all the time: `burst` at once, and `perSecond` for ever.
 * Reads the clock only when the burst is used up.
 */
export class FloodCounter {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #filled: number;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
    this.#filled = performance.now();
  }

  /** Counts one; false when it was one too many. */
  take(): boolean {
    if (this.#left >= 1) {
      this.#left--;
      return true;
    }
    const now = performance.now();
    const earned = ((now - this.#filled) / 1000) * this.#perSecond;
    this.#filled = now;
    this.#left = Math.min(this.#burst, this.#left + earned);
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  /** Allows `count` more, for something that entitles the peer to them; never more than the burst. */
  allow(count: number): void {
    this.#left = Math.min(this.#burst, this.#left + count);
  }
}
