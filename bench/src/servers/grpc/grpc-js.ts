/** `@grpc/grpc-js` with `@grpc/proto-loader`, as its guide shows it. */
import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { JsonCreateOrderRequest, JsonOrder } from "../../order.ts";
import { createJsonOrder, findJsonOrder } from "../../order.ts";
import { loadProtoService } from "../../load-proto-service.ts";
import { announce } from "../announce.ts";

const server = new Server();
server.addService(loadProtoService("order.v1.OrderService"), {
  createOrder(
    call: ServerUnaryCall<JsonCreateOrderRequest, JsonOrder>,
    callback: sendUnaryData<JsonOrder>,
  ): void {
    callback(null, createJsonOrder(call.request));
  },
  getOrder(
    call: ServerUnaryCall<{ orderId: string }, JsonOrder>,
    callback: sendUnaryData<JsonOrder>,
  ): void {
    callback(null, findJsonOrder(call.request.orderId));
  },
});
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  announce(port);
});
