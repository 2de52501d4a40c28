import type { GrpcServerOptions } from "@kratos-ts/runtime/grpc";
import { registerOrderServiceGrpcServer } from "../../../proto/order/v1/order_grpc.ts";
import { createOrder, getOrder } from "../../order-service.ts";
import { startGrpcServer } from "./start-grpc-server.ts";

/** Starts this project's server with the service of orders. */
export function serveOrders(options?: GrpcServerOptions): Promise<void> {
  return startGrpcServer(
    (server) => registerOrderServiceGrpcServer(server, { createOrder, getOrder }),
    options,
  );
}
