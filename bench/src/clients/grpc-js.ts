/** `@grpc/grpc-js` with `@grpc/proto-loader`, as its guide shows it, with the deadline that our client sets by itself. */
import type { ServiceError } from "@grpc/grpc-js";
import { credentials, makeClientConstructor } from "@grpc/grpc-js";
import { loadProtoService } from "../load-proto-service.ts";
import type { JsonOrder } from "../order.ts";
import { createRequest } from "../order.ts";
import { drive } from "./drive.ts";

const timeout = 2000;

drive((port) => {
  const Client = makeClientConstructor(loadProtoService("order.v1.OrderService"), "OrderService");
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  return (done) => {
    client["createOrder"]?.(
      createRequest,
      { deadline: Date.now() + timeout },
      (error: ServiceError | null, order?: JsonOrder) => done(error, order?.totalAmount),
    );
  };
});
