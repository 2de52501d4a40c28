import type { ServiceNode } from "./service-node.ts";

/** Nodes of which only the addresses are known. */
export function toStaticNodes(scheme: string, addresses: readonly string[]): ServiceNode[] {
  return addresses.map((address) => ({
    scheme,
    address,
    path: "",
    serviceName: "",
    version: "",
    weight: undefined,
    metadata: {},
  }));
}
