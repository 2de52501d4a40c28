/** fastify as it comes, its logger at warn. */
import fastify from "fastify";
import type { JsonCreateOrderRequest } from "../../order.ts";
import { createJsonOrder, findJsonOrder } from "../../order.ts";
import { announce, portOf } from "../announce.ts";

const app = fastify({ logger: { level: "warn" } });
app.post<{ Body: JsonCreateOrderRequest }>("/api/v1/orders", (request, reply) => {
  reply.send(createJsonOrder(request.body));
});
app.get<{ Params: { order_id: string } }>("/api/v1/orders/:order_id", (request, reply) => {
  reply.send(findJsonOrder(request.params.order_id));
});
await app.listen({ host: "127.0.0.1", port: 0 });
announce(portOf(app.server));
