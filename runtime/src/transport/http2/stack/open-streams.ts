import type { Http2Stream } from "./stream.ts";

/**
 * The open streams of a connection by id. Not a `Map`: one that many short-lived streams go through makes
 * itself anew all the time, and what it leaves behind keeps streams alive until the next major collection.
 */
export class OpenStreams {
  #count = 0;
  /** Lists of streams by id; their number is a power of two. */
  #buckets: (Http2Stream | undefined)[] = createBuckets(16);

  get size(): number {
    return this.#count;
  }

  get(id: number): Http2Stream | undefined {
    let stream = this.#buckets[this.#index(id)];
    while (stream !== undefined && stream.id !== id) stream = stream.next;
    return stream;
  }

  add(stream: Http2Stream): void {
    if (this.#count === this.#buckets.length) this.#grow();
    this.#count++;
    this.#insert(stream);
  }

  /** Nothing happens when it is not there. */
  remove(id: number): void {
    const index = this.#index(id);
    let previous: Http2Stream | undefined;
    let stream = this.#buckets[index];
    while (stream !== undefined && stream.id !== id) {
      previous = stream;
      stream = stream.next;
    }
    if (stream === undefined) return;
    if (previous === undefined) this.#buckets[index] = stream.next;
    else previous.next = stream.next;
    stream.next = undefined;
    this.#count--;
  }

  toArray(): Http2Stream[] {
    const streams: Http2Stream[] = [];
    for (let stream of this.#buckets) {
      for (; stream !== undefined; stream = stream.next) streams.push(stream);
    }
    return streams;
  }

  /** Clients use odd ids, one after the other. */
  #index(id: number): number {
    return (id >> 1) & (this.#buckets.length - 1);
  }

  #insert(stream: Http2Stream): void {
    const index = this.#index(stream.id);
    stream.next = this.#buckets[index];
    this.#buckets[index] = stream;
  }

  #grow(): void {
    const streams = this.toArray();
    this.#buckets = createBuckets(this.#buckets.length * 2);
    for (const stream of streams) this.#insert(stream);
  }
}

function createBuckets(count: number): (Http2Stream | undefined)[] {
  const buckets: (Http2Stream | undefined)[] = [];
  while (buckets.length < count) buckets.push(undefined);
  return buckets;
}
