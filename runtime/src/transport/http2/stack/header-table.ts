import type { HeaderField } from "./header-field.ts";

/** The dynamic table of one direction (RFC 7541, sections 2.3.2 and 4): a ring, newest first. */
export class HeaderTable {
  /** Changes whenever an index may have come to mean another field. */
  generation = 0;
  #ring: (HeaderField | undefined)[] = [];
  #newest = 0;
  #count = 0;
  #size = 0;
  #capacity: number;

  /** `capacity` in bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Number of fields. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of all fields. */
  get size(): number {
    return this.#size;
  }

  /** Bytes that the fields may have. */
  get capacity(): number {
    return this.#capacity;
  }

  /** The field at `index`, 0 being the newest; undefined when there are fewer. */
  at(index: number): HeaderField | undefined {
    if (index >= this.#count) return undefined;
    return this.#ring[(this.#newest - index) & (this.#ring.length - 1)];
  }

  /** Puts in a field and drops the oldest ones that have no room any more; a too large one empties the table. */
  add(field: HeaderField): void {
    this.generation++;
    this.#shrink(this.#capacity - field.size);
    if (field.size > this.#capacity) return;
    if (this.#count === this.#ring.length) this.#grow();
    this.#newest = (this.#newest + 1) & (this.#ring.length - 1);
    this.#ring[this.#newest] = field;
    this.#count++;
    this.#size += field.size;
  }

  resize(capacity: number): void {
    this.generation++;
    this.#capacity = capacity;
    this.#shrink(capacity);
  }

  #shrink(size: number): void {
    while (this.#count > 0 && this.#size > size) {
      const oldest = (this.#newest - this.#count + 1) & (this.#ring.length - 1);
      this.#size -= this.#ring[oldest]?.size ?? 0;
      this.#ring[oldest] = undefined;
      this.#count--;
    }
  }

  /** The length of the ring is a power of two. */
  #grow(): void {
    const ring: (HeaderField | undefined)[] = [];
    for (let index = this.#count - 1; index >= 0; index--) ring.push(this.at(index));
    const length = Math.max(8, this.#count * 2);
    while (ring.length < length) ring.push(undefined);
    this.#ring = ring;
    this.#newest = (this.#count - 1) & (length - 1);
  }
}
