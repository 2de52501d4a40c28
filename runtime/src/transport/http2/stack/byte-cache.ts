/** Longer keys cost more to compare than they save. */
const maxKeyBytes = 256;

/** Misses in a row after which only one key in so many is still kept: these keys do not come again. */
const patience = 32;

/** What was made of a few ranges of bytes, found again by the bytes. Each slot holds what came last. */
export class ByteCache<T extends object> {
  readonly #mask: number;
  readonly #keys: (Uint8Array | undefined)[] = [];
  readonly #values: (T | undefined)[] = [];
  #misses = 0;

  /** `slots` is a power of two. */
  constructor(slots: number) {
    this.#mask = slots - 1;
    for (let i = 0; i < slots; i++) {
      this.#keys.push(undefined);
      this.#values.push(undefined);
    }
  }

  find(bytes: Uint8Array, start: number, end: number): T | undefined {
    const slot = this.#slot(bytes, start, end);
    const key = this.#keys[slot];
    const length = end - start;
    if (key === undefined || key.length !== length) return undefined;
    for (let i = 0; i < length; i++) {
      if (key[i] !== bytes[start + i]) return undefined;
    }
    this.#misses = 0;
    return this.#values[slot];
  }

  /** Keeps `value` for the bytes, which are copied. */
  keep(bytes: Uint8Array, start: number, end: number, value: T): void {
    if (end - start > maxKeyBytes) return;
    if (++this.#misses > patience && this.#misses % patience !== 0) return;
    const slot = this.#slot(bytes, start, end);
    this.#keys[slot] = Uint8Array.prototype.slice.call(bytes, start, end);
    this.#values[slot] = value;
  }

  clear(): void {
    this.#keys.fill(undefined);
    this.#values.fill(undefined);
  }

  #slot(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const middle = bytes[start + (length >> 1)] as number;
    const quarter = bytes[end - 1 - (length >> 2)] as number;
    const hash = length * 31 + middle * 7 + quarter * 3 + (bytes[end - 1] as number);
    return (hash ^ (hash >> 5)) & this.#mask;
  }
}
