import type { CallContext, ServiceInstance } from "@kratos-ts/runtime";
import type { ServiceNode } from "@kratos-ts/runtime/selector";

export function nodeOf(address: string, more: Partial<ServiceNode> = {}): ServiceNode {
  return {
    scheme: "http",
    address,
    path: "",
    serviceName: "orders",
    version: "1",
    weight: undefined,
    metadata: {},
    ...more,
  };
}

export function instanceOf(
  id: string,
  endpoints: readonly string[] = [`http://${id}:1`],
): ServiceInstance {
  return { id, name: "orders", version: "1", metadata: {}, endpoints };
}

/** Balancers and pools hand it to filters and do not look at it. */
export const anyContext = {} as CallContext;

/** Numbers in turn, from the start when they end. */
export function sequence(...numbers: readonly number[]): () => number {
  let index = 0;
  return () => numbers[index++ % numbers.length]!;
}
