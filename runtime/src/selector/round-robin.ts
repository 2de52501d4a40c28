import type { Balancer } from "./balancer.ts";
import { DirectNode } from "./direct-node.ts";
import type { ServiceNode } from "./service-node.ts";

/** Chooses nodes in turn; weights do not count. */
export class RoundRobinBalancer implements Balancer<DirectNode> {
  #next = 0;

  track(node: ServiceNode): DirectNode {
    return new DirectNode(node);
  }

  choose(nodes: readonly DirectNode[]): DirectNode {
    const node = nodes[this.#next % nodes.length]!;
    this.#next = (this.#next + 1) % nodes.length;
    return node;
  }
}
