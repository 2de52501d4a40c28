import type { CallContext } from "../transport/context.ts";
import type { ServiceNode } from "./service-node.ts";

/** Leaves the nodes that a call may go to. Leaving none makes it fail with 503 `NODE_NOT_FOUND`. */
export type NodeFilter = (
  nodes: readonly ServiceNode[],
  context: CallContext,
) => readonly ServiceNode[];

/** Leaves the nodes of one version of the service. */
export function versionFilter(version: string): NodeFilter {
  return (nodes) => nodes.filter((node) => node.version === version);
}
