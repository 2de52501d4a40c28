/** connect-node over HTTP/2 without TLS. */
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createServer } from "node:http2";
import { OrderService } from "../../../proto/order/v1/order_pb.ts";
import { createOrder, getOrder } from "../../order-service.ts";
import { announce, portOf } from "../announce.ts";

const handler = connectNodeAdapter({
  routes: (router) => {
    router.service(OrderService, { createOrder, getOrder });
  },
});
const server = createServer((request, response) => handler(request, response));
server.listen(0, "127.0.0.1", () => announce(portOf(server)));
