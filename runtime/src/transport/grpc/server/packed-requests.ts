/** A request that waits compressed until its reader asks for it. */
export class PackedRequest {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/**
 * The requests of a stream whose client may compress them. They are unpacked when they are asked for: what waits
 * takes as much room as it took on the wire, however large it becomes.
 */
export class PackedRequests implements AsyncIterableIterator<unknown, undefined> {
  readonly #source: AsyncIterableIterator<unknown, undefined>;
  readonly #unpack: (bytes: Uint8Array) => unknown;

  /** `unpack` gives the message, or a promise of it. */
  constructor(
    source: AsyncIterableIterator<unknown, undefined>,
    unpack: (bytes: Uint8Array) => unknown,
  ) {
    this.#source = source;
    this.#unpack = unpack;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    const step = await this.#source.next();
    if (step.done === true || !(step.value instanceof PackedRequest)) return step;
    return { done: false, value: await this.#unpack(step.value.bytes) };
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
