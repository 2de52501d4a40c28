import type { ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { fileURLToPath } from "node:url";

// This file runs from bench/dist/src.
const protoRoots = ["../../proto/", "../../../third_party/"];

/** `order.v1.OrderService` as `@grpc/proto-loader` reads it; 64-bit numbers and enums are strings. */
export function loadOrderService(): ServiceDefinition {
  const loaded = loadSync("order/v1/order.proto", {
    includeDirs: protoRoots.map((root) => fileURLToPath(new URL(root, import.meta.url))),
    longs: String,
    enums: String,
    defaults: true,
  });
  return loaded["order.v1.OrderService"] as ServiceDefinition;
}
