/** The mark: the least that `node:http2` can do for a gRPC call. It answers the same bytes to everybody. */
import { create, toBinary } from "@bufbuild/protobuf";
import { createServer } from "node:http2";
import { OrderSchema } from "../../../proto/order/v1/order_pb.ts";
import { createRequest } from "../../order.ts";
import { createOrder } from "../../order-service.ts";
import { createRequestMessage } from "../../order-message.ts";
import { announce, portOf } from "../announce.ts";
import { framed } from "./frame.ts";

const reply = framed(
  toBinary(OrderSchema, create(OrderSchema, createOrder(createRequestMessage(createRequest)))),
);
const headers = { ":status": 200, "content-type": "application/grpc" };
const trailers = { "grpc-status": "0" };

const server = createServer();
server.on("stream", (stream) => {
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  stream.on("end", () => {
    stream.respond(headers, { waitForTrailers: true });
    stream.end(reply);
  });
  stream.on("error", () => undefined); // a client that leaves at the end of a slot
  stream.resume();
});
server.listen(0, "127.0.0.1", () => announce(portOf(server)));
