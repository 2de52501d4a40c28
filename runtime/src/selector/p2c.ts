import type { Balancer } from "./balancer.ts";
import { EwmaNode } from "./ewma-node.ts";
import type { ServiceNode } from "./service-node.ts";

/** Milliseconds after which a node that was passed over gets a call, to learn how it is now. */
const forgetAfter = 3000;

/** Sources of chance and time, for tests. */
export interface P2cOptions {
  /** Numbers from 0 up to 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** Milliseconds that only grow. Default: `performance.now`. */
  readonly now?: () => number;
}

/**
 * Chooses the better of two nodes taken by chance: the one with the lower latency, fewer failures and fewer
 * calls under way ("power of two choices"). For services whose instances differ in speed.
 */
export class P2cBalancer implements Balancer<EwmaNode> {
  readonly #random: () => number;
  readonly #now: () => number;

  constructor(options: P2cOptions = {}) {
    this.#random = options.random ?? Math.random;
    this.#now = options.now ?? (() => performance.now());
  }

  track(node: ServiceNode): EwmaNode {
    return new EwmaNode(node, this.#now);
  }

  choose(nodes: readonly EwmaNode[]): EwmaNode {
    const count = nodes.length;
    const first = Math.floor(this.#random() * count);
    if (count === 1) return nodes[first]!;
    // One of the others: from the second on, all are one further.
    const other = Math.floor(this.#random() * (count - 1));
    const a = nodes[first]!;
    const b = nodes[other >= first ? other + 1 : other]!;
    const [better, worse] = b.weight > a.weight ? [b, a] : [a, b];
    return this.#now() - worse.pickedAt > forgetAfter ? worse : better;
  }
}
