/** The mark plus this project's compiled codec and the work: what a gRPC layer is measured against. */
import { compileCodec } from "@kratos-ts/runtime/codec";
import { createServer } from "node:http2";
import { CreateOrderRequestSchema, OrderSchema } from "../../../proto/order/v1/order_pb.ts";
import { createOrder } from "../../order-service.ts";
import { announce, portOf } from "../announce.ts";

const prefixBytes = 5;
const requestCodec = compileCodec(CreateOrderRequestSchema);
const replyCodec = compileCodec(OrderSchema);
const headers = { ":status": 200, "content-type": "application/grpc" };
const trailers = { "grpc-status": "0" };

const server = createServer();
server.on("stream", (stream) => {
  let received: Buffer | undefined;
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  stream.on("data", (chunk: Buffer) => {
    received = received === undefined ? chunk : Buffer.concat([received, chunk]);
  });
  stream.on("end", () => {
    const request = requestCodec.fromBinary(received ?? Buffer.alloc(0), prefixBytes);
    const { buffer, byteOffset, length } = replyCodec.toBinary(createOrder(request), prefixBytes);
    const frame = Buffer.from(buffer, byteOffset, length);
    frame.writeUInt32BE(frame.length - prefixBytes, 1);
    stream.respond(headers, { waitForTrailers: true });
    stream.end(frame);
  });
  stream.on("error", () => undefined); // a client that leaves at the end of a slot
});
server.listen(0, "127.0.0.1", () => announce(portOf(server)));
