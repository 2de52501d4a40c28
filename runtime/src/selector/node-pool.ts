import { backoffDelay } from "../resilience/backoff.ts";
import type { CallContext } from "../transport/context.ts";
import type { Balancer, Pick, TrackedNode } from "./balancer.ts";
import type { NodeFilter } from "./node-filter.ts";
import type { ServiceNode } from "./service-node.ts";

/** How long a node rests that nobody could connect to. */
const rest = { initial: 1000, max: 30_000 };

/** The nodes that a client may call, and the choice among them. Knows no transport. */
export class NodePool {
  readonly #balancer: Balancer;
  readonly #filters: readonly NodeFilter[];
  readonly #now: () => number;
  #members: readonly Member[] = [];
  /** Those of `#members` that do not rest; the same array as long as they are the same. */
  #rested: readonly TrackedNode[] = [];
  #resting = 0;
  /** Whether a node has failed and not answered since. */
  #troubled = false;
  #nextWake = Number.POSITIVE_INFINITY;

  /** `now` in milliseconds. */
  constructor(
    balancer: Balancer,
    filters: readonly NodeFilter[] = [],
    now: () => number = () => performance.now(),
  ) {
    this.#balancer = balancer;
    this.#filters = filters;
    this.#now = now;
  }

  get size(): number {
    return this.#members.length;
  }

  /** Whether all nodes rest, so that calls go to those nevertheless. */
  get allRest(): boolean {
    return this.#resting === this.#members.length;
  }

  /** Takes these nodes for the present ones. What was learnt of an address that stays is kept. */
  apply(nodes: readonly ServiceNode[]): void {
    const before = new Map(this.#members.map((member) => [keyOf(member.node), member]));
    const unique = new Map(nodes.map((node) => [keyOf(node), node]));
    this.#members = [...unique].map(([key, node]) => {
      const known = before.get(key);
      return known !== undefined && isSame(known.node, node)
        ? known
        : new Member(this.#balancer.track(node));
    });
    this.#sort();
  }

  /**
   * Chooses a node for a call, another than those in `tried` where there is one. Undefined when there is none.
   */
  pick(context: CallContext, tried: readonly ServiceNode[] = []): Pick | undefined {
    const nodes = this.#candidates(context);
    if (nodes.length === 0) return undefined;
    const others = untried(nodes, tried);
    return this.#balancer.choose(others.length > 0 ? others : nodes).begin();
  }

  /** Whether {@link pick} has a node to choose that is not in `tried`. */
  hasUntried(context: CallContext, tried: readonly ServiceNode[]): boolean {
    return untried(this.#candidates(context), tried).length > 0;
  }

  /** Nobody answers at `node`: it is left out for a while, unless all are. */
  unreachable(node: ServiceNode): void {
    const member = this.#members.find((member) => member.node === node);
    if (member === undefined || member.restsUntil > this.#now()) return;
    member.failures += 1;
    // Not less than half of it, so that a dead node costs few calls.
    const spread = () => (1 + Math.random()) / 2;
    member.restsUntil = this.#now() + backoffDelay(rest, member.failures, spread);
    this.#sort();
  }

  /** Somebody answered at `node`. */
  reached(node: ServiceNode): void {
    if (!this.#troubled) return;
    const member = this.#members.find((member) => member.node === node);
    if (member === undefined || member.failures === 0) return;
    member.failures = 0;
    member.restsUntil = 0;
    this.#sort();
  }

  /** The nodes that a call may go to now. */
  #candidates(context: CallContext): readonly TrackedNode[] {
    if (this.#resting > 0 && this.#now() >= this.#nextWake) this.#sort();
    if (this.#filters.length === 0) return this.#rested;
    const nodes = this.#filter(this.#rested, context);
    if (nodes.length > 0 || this.#resting === 0) return nodes;
    // All that the filters want may rest.
    return this.#filter(
      this.#members.map(({ tracked }) => tracked),
      context,
    );
  }

  #filter(nodes: readonly TrackedNode[], context: CallContext): readonly TrackedNode[] {
    let left: readonly ServiceNode[] = nodes.map(({ node }) => node);
    for (const filter of this.#filters) left = filter(left, context);
    const kept = new Set(left);
    return nodes.filter(({ node }) => kept.has(node));
  }

  #sort(): void {
    const now = this.#now();
    const awake = this.#members.filter(({ restsUntil }) => restsUntil <= now);
    this.#resting = this.#members.length - awake.length;
    this.#troubled = this.#members.some(({ failures }) => failures > 0);
    this.#nextWake = Math.min(
      ...this.#members.flatMap(({ restsUntil }) => (restsUntil > now ? restsUntil : [])),
    );
    const chosen = awake.length > 0 ? awake : this.#members;
    this.#rested = chosen.map(({ tracked }) => tracked);
  }
}

function untried(
  nodes: readonly TrackedNode[],
  tried: readonly ServiceNode[],
): readonly TrackedNode[] {
  return tried.length === 0 ? nodes : nodes.filter(({ node }) => !tried.includes(node));
}

class Member {
  readonly tracked: TrackedNode;
  failures = 0;
  restsUntil = 0;

  constructor(tracked: TrackedNode) {
    this.tracked = tracked;
  }

  get node(): ServiceNode {
    return this.tracked.node;
  }
}

function keyOf(node: ServiceNode): string {
  return `${node.scheme}://${node.address}${node.path}`;
}

/** Whether nothing has changed that balancers and filters go by. */
function isSame(a: ServiceNode, b: ServiceNode): boolean {
  return (
    a.serviceName === b.serviceName &&
    a.version === b.version &&
    a.weight === b.weight &&
    JSON.stringify(Object.entries(a.metadata).toSorted()) ===
      JSON.stringify(Object.entries(b.metadata).toSorted())
  );
}
