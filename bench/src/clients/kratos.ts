/** This project's client as it comes: the default timeout, no middleware. */
import { GrpcClient } from "@kratos-ts/runtime/grpc";
import { createOrderServiceGrpcClient } from "../../proto/order/v1/order_grpc.ts";
import { createRequest } from "../order.ts";
import { createRequestMessage } from "../order-message.ts";
import { drive } from "./drive.ts";

const request = createRequestMessage(createRequest);

drive((port) => {
  const client = new GrpcClient({ endpoint: `127.0.0.1:${port}` });
  const orders = createOrderServiceGrpcClient(client);
  return (done) => {
    orders.createOrder(request).then(({ totalAmount }) => done(null, totalAmount), done);
  };
});
