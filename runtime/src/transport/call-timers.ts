/** Something that has until a certain time; with one {@link CallTimers} at most. */
export interface Expiring {
  /** Belongs to {@link CallTimers}; undefined while nothing runs. */
  timer: CallTimer | undefined;
  /** Called once, when the time is over. */
  onDeadline(): void;
}

/** A running timer: a link in a list in order of due time, or a timer of Node's. */
export interface CallTimer {
  readonly owner: Expiring | undefined;
  readonly due: number;
  readonly own: NodeJS.Timeout | undefined;
  previous: CallTimer;
  next: CallTimer;
}

/**
 * Timers for many short calls that mostly end in time, nearly all with the same delay: those share one
 * timer of Node's, and starting and stopping is a few assignments. They keep no process alive, since
 * whoever waits is held by its connection.
 */
export class CallTimers {
  readonly #usualDelay: number;
  /** A circle; its first member is never due. */
  readonly #head: CallTimer;
  #shared: NodeJS.Timeout | undefined;

  /** `usualDelay` in milliseconds; 0: there is none. */
  constructor(usualDelay: number) {
    this.#usualDelay = usualDelay;
    this.#head = createTimer(undefined, Number.POSITIVE_INFINITY, undefined);
  }

  /** `delay` in milliseconds; one above 24 days counts as that. */
  start(owner: Expiring, delay: number): void {
    if (delay !== this.#usualDelay || delay > maxDelay) {
      const own = setTimeout(expire, Math.min(delay, maxDelay), owner).unref();
      owner.timer = createTimer(owner, 0, own);
      return;
    }
    const timer = createTimer(owner, performance.now() + delay, undefined);
    const last = this.#head.previous;
    timer.previous = last;
    timer.next = this.#head;
    last.next = timer;
    this.#head.previous = timer;
    owner.timer = timer;
    if (this.#shared === undefined) this.#arm(delay);
  }

  stop(owner: Expiring): void {
    const { timer } = owner;
    if (timer === undefined) return;
    owner.timer = undefined;
    if (timer.own !== undefined) clearTimeout(timer.own);
    timer.previous.next = timer.next;
    timer.next.previous = timer.previous;
    // One that has grown old would keep its neighbours, and they theirs, until the next major garbage collection.
    timer.previous = timer;
    timer.next = timer;
  }

  #arm(delay: number): void {
    this.#shared = setTimeout(() => this.#expireDue(), delay).unref();
  }

  #expireDue(): void {
    this.#shared = undefined;
    const now = performance.now();
    let first = this.#head.next;
    while (first.owner !== undefined && first.due <= now) {
      this.stop(first.owner);
      first.owner.onDeadline();
      first = this.#head.next;
    }
    if (first.owner !== undefined && this.#shared === undefined) {
      this.#arm(Math.max(1, Math.ceil(first.due - now)));
    }
  }
}

/** The longest delay that `setTimeout` takes. */
const maxDelay = 2 ** 31 - 1;

function expire(owner: Expiring): void {
  owner.timer = undefined;
  owner.onDeadline();
}

function createTimer(
  owner: Expiring | undefined,
  due: number,
  own: NodeJS.Timeout | undefined,
): CallTimer {
  const timer = { owner, due, own } as CallTimer;
  timer.previous = timer;
  timer.next = timer;
  return timer;
}
