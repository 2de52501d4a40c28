import { toBinary } from "@bufbuild/protobuf";
import { CreateOrderRequestSchema } from "../proto/order/v1/order_pb.ts";
import type { Work } from "./load/load.ts";
import { createRequest } from "./order.ts";
import { createRequestMessage } from "./order-message.ts";
import { framed } from "./servers/grpc/frame.ts";

/** What is sent for a call of a method by its path, with a body of frames. */
export function grpcWork(path: string, body: Uint8Array): Work {
  return {
    method: "POST",
    path,
    headers: { "content-type": "application/grpc", te: "trailers" },
    body,
  };
}

/** What is sent for a call of `CreateOrder`. */
export function createOrderWork(): Work {
  const request = toBinary(CreateOrderRequestSchema, createRequestMessage(createRequest));
  return grpcWork("/order.v1.OrderService/CreateOrder", framed(request));
}
