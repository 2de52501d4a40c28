import type { HttpRoute } from "@kratos-ts/runtime/codegenv1";
import {
  CreateOrderResponseSchema,
  GetOrderRequestSchema,
  GetOrderResponseSchema,
} from "../../examples/order-service/api/order/v1/order_pb.ts";

/** Streams that the page and the server of the test agree on. */
export const WatchOrderRoute: HttpRoute<
  typeof GetOrderRequestSchema,
  typeof GetOrderResponseSchema,
  "serverStreaming"
> = {
  operation: "/browser.v1.Test/WatchOrder",
  kind: "serverStreaming",
  input: GetOrderRequestSchema,
  output: GetOrderResponseSchema,
  bindings: [{ method: "GET", path: "/v1/watch/{order_id}" }],
};

export const ChatRoute: HttpRoute<
  typeof GetOrderRequestSchema,
  typeof CreateOrderResponseSchema,
  "bidiStreaming"
> = {
  operation: "/browser.v1.Test/Chat",
  kind: "bidiStreaming",
  input: GetOrderRequestSchema,
  output: CreateOrderResponseSchema,
  bindings: [{ method: "POST", path: "/v1/chat", body: "*" }],
};
