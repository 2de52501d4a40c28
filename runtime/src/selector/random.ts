import type { Balancer } from "./balancer.ts";
import { DirectNode } from "./direct-node.ts";
import type { ServiceNode } from "./service-node.ts";

/** Chooses any node, all as often; weights do not count. */
export class RandomBalancer implements Balancer<DirectNode> {
  readonly #random: () => number;

  /** `random` gives numbers from 0 up to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  track(node: ServiceNode): DirectNode {
    return new DirectNode(node);
  }

  choose(nodes: readonly DirectNode[]): DirectNode {
    return nodes[Math.floor(this.#random() * nodes.length)]!;
  }
}
