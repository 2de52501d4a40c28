import type { Pick, TrackedNode } from "./balancer.ts";
import { defaultWeight, type ServiceNode } from "./service-node.ts";

/** A node of which only its weight counts. It is its own pick, since nothing is learnt from calls. */
export class DirectNode implements TrackedNode, Pick {
  readonly node: ServiceNode;
  readonly weight: number;
  /** What it has saved up by not being chosen, for balancers that go by weight. */
  credit = 0;

  constructor(node: ServiceNode) {
    this.node = node;
    this.weight = node.weight ?? defaultWeight;
  }

  begin(): Pick {
    return this;
  }

  done(): void {}
}
