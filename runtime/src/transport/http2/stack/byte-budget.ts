/** Counts bytes that are held for somebody; a budget may be part of a larger one. */
export class ByteBudget {
  readonly #limit: number;
  readonly #whole: ByteBudget | undefined;
  #used = 0;

  constructor(limit: number, whole?: ByteBudget) {
    this.#limit = limit;
    this.#whole = whole;
  }

  /** Bytes that are held now. */
  get used(): number {
    return this.#used;
  }

  /** Whether this budget, or one that it is part of, is used up. */
  get exhausted(): boolean {
    return this.#used >= this.#limit || (this.#whole?.exhausted ?? false);
  }

  take(bytes: number): void {
    this.#used += bytes;
    this.#whole?.take(bytes);
  }

  giveBack(bytes: number): void {
    this.#used -= bytes;
    this.#whole?.giveBack(bytes);
  }
}
