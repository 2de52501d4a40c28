import type { GrpcRouter, HttpRouter } from "@kratos-ts/runtime";
import { registerOrderServiceGrpcServer } from "../../api/order/v1/order_grpc.ts";
import { registerOrderServiceHttpServer } from "../../api/order/v1/order_http.ts";
import type { OrderService } from "../service/order.ts";

/** The services of this process; `kratos-ts proto server` adds to it. */
export interface Services {
  readonly order: OrderService;
}

/** Serves everything that has a `google.api.http` rule. */
export function registerHttpServices(router: HttpRouter, services: Services): void {
  registerOrderServiceHttpServer(router, services.order);
}

/** Serves every method. */
export function registerGrpcServices(router: GrpcRouter, services: Services): void {
  registerOrderServiceGrpcServer(router, services.order);
}
