/** The mark: `node:http2` with this project's compiled codec, and no more than a call needs. */
import { compileCodec } from "@kratos-ts/runtime/codec";
import { connect } from "node:http2";
import { CreateOrderRequestSchema, OrderSchema } from "../../proto/order/v1/order_pb.ts";
import { createRequest } from "../order.ts";
import { createRequestMessage } from "../order-message.ts";
import { drive } from "./drive.ts";

const prefixBytes = 5;
const requestCodec = compileCodec(CreateOrderRequestSchema);
const replyCodec = compileCodec(OrderSchema);
const request = createRequestMessage(createRequest);

drive((port) => {
  const session = connect(`http://127.0.0.1:${port}`);
  const headers = {
    ":method": "POST",
    ":path": "/order.v1.OrderService/CreateOrder",
    "content-type": "application/grpc",
    te: "trailers",
  };
  return (done) => {
    const stream = session.request(headers);
    let received: Buffer | undefined;
    let status: unknown;
    stream.on("data", (chunk: Buffer) => {
      received = received === undefined ? chunk : Buffer.concat([received, chunk]);
    });
    stream.on("trailers", (trailers) => {
      status = trailers["grpc-status"];
    });
    stream.on("end", () => {
      if (status !== "0" || received === undefined) done(new Error("no answer"));
      else done(null, replyCodec.fromBinary(received, prefixBytes).totalAmount);
    });
    stream.on("error", (error) => done(error));
    const { buffer, byteOffset, length } = requestCodec.toBinary(request, prefixBytes);
    const frame = Buffer.from(buffer, byteOffset, length);
    frame.writeUInt32BE(length - prefixBytes, 1);
    stream.end(frame);
  };
});
