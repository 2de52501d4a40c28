import type { HeaderView } from "../engine.ts";
import type { ByteBudget } from "./byte-budget.ts";

/** What came for a stream while it was paused. */
export class HeldData {
  /** Whether nothing more will come. */
  ended = false;
  trailers: HeaderView | undefined = undefined;
  readonly #budget: ByteBudget;
  readonly #chunks: Uint8Array[] = [];

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** Keeps a copy: the bytes belong to whoever reads the socket. */
  add(bytes: Uint8Array, start: number, end: number): void {
    this.#chunks.push(Uint8Array.prototype.slice.call(bytes, start, end));
    this.#budget.take(end - start);
  }

  end(trailers: HeaderView | undefined): void {
    this.ended = true;
    this.trailers = trailers;
  }

  /** The oldest chunk; undefined when there is none. */
  take(): Uint8Array | undefined {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) this.#budget.giveBack(chunk.length);
    return chunk;
  }

  drop(): void {
    while (this.take() !== undefined);
  }
}
