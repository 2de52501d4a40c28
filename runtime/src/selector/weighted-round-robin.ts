import type { Balancer } from "./balancer.ts";
import { DirectNode } from "./direct-node.ts";
import type { ServiceNode } from "./service-node.ts";

/**
 * Chooses nodes in turn, those of twice the weight twice as often and spread evenly between the others:
 * 5, 1, 1 gives a a b a c a a. What clients use when they are told nothing, as in Kratos.
 */
export class WeightedRoundRobinBalancer implements Balancer<DirectNode> {
  track(node: ServiceNode): DirectNode {
    return new DirectNode(node);
  }

  choose(nodes: readonly DirectNode[]): DirectNode {
    let chosen = nodes[0]!;
    let total = 0;
    for (const node of nodes) {
      total += node.weight;
      node.credit += node.weight;
      if (node.credit > chosen.credit) chosen = node;
    }
    chosen.credit -= total;
    return chosen;
  }
}
