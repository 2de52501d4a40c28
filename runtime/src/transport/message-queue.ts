/** What a {@link MessageQueue} slows down. */
export interface QueueSource {
  pause(): void;
  resume(): void;
}

/** Bytes in the queue at which its source is stopped, and at which it may go on. */
const fullBytes = 64 * 1024;
const roomyBytes = 16 * 1024;
/** Counted for each message beside its bytes. */
const messageOverhead = 64;

interface Entry {
  readonly message: unknown;
  readonly cost: number;
}

interface Waiter {
  resolve(result: IteratorResult<unknown, undefined>): void;
  reject(error: unknown): void;
}

/**
 * The messages of a stream as an async iterable, for one reader. A reader that is slower than the
 * messages arrive stops their source; one that stops reading lets it run and drops what comes.
 */
export class MessageQueue implements AsyncIterableIterator<unknown, undefined> {
  readonly #source: QueueSource;
  readonly #onReturn: () => void;
  readonly #waiters: Waiter[] = [];
  #entries: Entry[] = [];
  #first = 0;
  #bytes = 0;
  #paused = false;
  #ended = false;
  #failed: { readonly error: unknown } | undefined;

  /** `onReturn` is called when the reader stops before the end. */
  constructor(source: QueueSource, onReturn: () => void = () => {}) {
    this.#source = source;
    this.#onReturn = onReturn;
  }

  /** Adds a message that took `bytes` on the wire. */
  push(message: unknown, bytes: number): void {
    if (this.#ended) return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: message });
      return;
    }
    const cost = bytes + messageOverhead;
    this.#entries.push({ message, cost });
    this.#bytes += cost;
    if (this.#bytes >= fullBytes && !this.#paused) {
      this.#paused = true;
      this.#source.pause();
    }
  }

  /** The last message was pushed. */
  end(): void {
    this.#ended = true;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
  }

  /** The reader gets the messages that are there, then `error`. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    const [first, ...others] = this.#waiters.splice(0);
    if (first === undefined) this.#failed = { error };
    else first.reject(error);
    for (const waiter of others) waiter.resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const entry = this.#take();
    if (entry !== undefined) return Promise.resolve({ done: false, value: entry.message });
    if (this.#failed !== undefined) {
      const { error } = this.#failed;
      this.#failed = undefined;
      return Promise.reject(error as Error);
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    const early = !this.#ended;
    this.end();
    this.#failed = undefined;
    this.#entries = [];
    this.#first = 0;
    this.#bytes = 0;
    this.#resume();
    if (early) this.#onReturn();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): Entry | undefined {
    const entry = this.#entries[this.#first];
    if (entry === undefined) return undefined;
    this.#first++;
    if (this.#first === this.#entries.length) {
      this.#entries = [];
      this.#first = 0;
    } else if (this.#first >= 1024) {
      // Taken entries must not pile up while the queue never runs empty.
      this.#entries.splice(0, this.#first);
      this.#first = 0;
    }
    this.#bytes -= entry.cost;
    if (this.#bytes <= roomyBytes) this.#resume();
    return entry;
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#source.resume();
  }
}
