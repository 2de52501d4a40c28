import { findKnownError } from "../errors/from-error.ts";
import type { Pick, TrackedNode } from "./balancer.ts";
import { defaultWeight, type ServiceNode } from "./service-node.ts";

/** Milliseconds in which what was measured loses all but 1/e of its say. */
const tau = 600;

/** Milliseconds that a call is taken for while nothing was measured. */
const unknownLag = 250;

/** Added to every lag, in milliseconds, so that differences of microseconds do not decide. */
const slack = 5;

/**
 * A node whose weight follows what calls to it took and whether they succeeded, as exponentially weighted
 * moving averages, and how many are under way.
 */
export class EwmaNode implements TrackedNode {
  readonly node: ServiceNode;
  /** When it was last chosen, in milliseconds; at first never, so that it is soon known how it does. */
  pickedAt: number = Number.NEGATIVE_INFINITY;
  readonly #now: () => number;
  readonly #running = new Set<EwmaPick>();
  #lag = 0;
  #success = 1;
  #measuredAt: number | undefined;

  constructor(node: ServiceNode, now: () => number) {
    this.node = node;
    this.#now = now;
  }

  /** Higher is better. */
  get weight(): number {
    const lag = this.#measuredAt === undefined ? unknownLag : this.#lag;
    const expected = Math.max(lag, this.#lagOfRunning()) + slack;
    return (
      (this.#success * (this.node.weight ?? defaultWeight)) /
      (Math.sqrt(expected) * (this.#running.size + 1))
    );
  }

  begin(): Pick {
    const now = this.#now();
    this.pickedAt = now;
    const pick = new EwmaPick(this, now);
    this.#running.add(pick);
    return pick;
  }

  /** A call that {@link begin} counted has ended. */
  end(pick: EwmaPick, error: unknown): void {
    if (!this.#running.delete(pick)) return;
    const now = this.#now();
    const old = this.#measuredAt === undefined ? 0 : Math.exp((this.#measuredAt - now) / tau);
    this.#measuredAt = now;
    this.#lag = this.#lag * old + (now - pick.startedAt) * (1 - old);
    // The first success or failure must not count for all: one failure at the start would end the node.
    const weight = Math.max(old, 0.5);
    this.#success = this.#success * weight + (isNodesFault(error) ? 0 : 1) * (1 - weight);
  }

  /** How old the calls are that take longer than usual, when those are more than half of all. */
  #lagOfRunning(): number {
    if (this.#running.size === 0) return 0;
    const now = this.#now();
    let late = 0;
    let sum = 0;
    for (const { startedAt } of this.#running) {
      const age = now - startedAt;
      if (age <= this.#lag) continue;
      late += 1;
      sum += age;
    }
    return late > this.#running.size / 2 ? sum / late : 0;
  }
}

class EwmaPick implements Pick {
  readonly node: ServiceNode;
  readonly startedAt: number;
  readonly #owner: EwmaNode;

  constructor(owner: EwmaNode, startedAt: number) {
    this.node = owner.node;
    this.startedAt = startedAt;
    this.#owner = owner;
  }

  done(error: unknown): void {
    this.#owner.end(this, error);
  }
}

/** Whether the node itself is to blame: it is down, overloaded or too slow. */
function isNodesFault(error: unknown): boolean {
  if (error === undefined) return false;
  const code = findKnownError(error)?.code;
  return code === 502 || code === 503 || code === 504;
}
