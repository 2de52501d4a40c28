import type { ServiceNode } from "./service-node.ts";

/** A node that was chosen for a call. */
export interface Pick {
  readonly node: ServiceNode;
  /** The call has ended; with `undefined` for a success, else with what it failed with. */
  done(error: unknown): void;
}

/** A node with what a balancer knows of it. */
export interface TrackedNode {
  readonly node: ServiceNode;
  /** A call goes there now. */
  begin(): Pick;
}

/**
 * Chooses a node for each call. A client has one of its own; it may keep what it learns in the nodes that
 * it makes, which live as long as their address is there.
 */
export interface Balancer<T extends TrackedNode = TrackedNode> {
  /** A node has appeared. */
  track(node: ServiceNode): T;
  /** Returns one of `nodes`, which are those of {@link track} that may be chosen now, one at least. */
  choose(nodes: readonly T[]): T;
}
