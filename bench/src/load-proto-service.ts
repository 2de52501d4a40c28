import type { ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { fileURLToPath } from "node:url";

// This file runs from bench/dist/src.
const protoRoots = ["../../proto/", "../../../third_party/"];

/** Services of the bench, and the files that they are in. */
const files = {
  "order.v1.OrderService": "order/v1/order.proto",
  "flow.v1.FlowService": "flow/v1/flow.proto",
} as const;

/** A service as `@grpc/proto-loader` reads it; 64-bit numbers and enums are strings. */
export function loadProtoService(name: keyof typeof files): ServiceDefinition {
  const loaded = loadSync(files[name], {
    includeDirs: protoRoots.map((root) => fileURLToPath(new URL(root, import.meta.url))),
    longs: String,
    enums: String,
    defaults: true,
  });
  return loaded[name] as ServiceDefinition;
}
