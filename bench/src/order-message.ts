import { create } from "@bufbuild/protobuf";
import type { CreateOrderRequest } from "../proto/order/v1/order_pb.ts";
import { CreateOrderRequestSchema } from "../proto/order/v1/order_pb.ts";
import type { JsonCreateOrderRequest } from "./order.ts";

/** The message that says the same as `request`. */
export function createRequestMessage(request: JsonCreateOrderRequest): CreateOrderRequest {
  return create(CreateOrderRequestSchema, {
    ...request,
    items: request.items.map((item) => ({ ...item, unitPrice: BigInt(item.unitPrice) })),
  });
}
