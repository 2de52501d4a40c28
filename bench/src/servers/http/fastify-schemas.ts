/** fastify with JSON schemas for requests (checked by ajv) and replies (written by fast-json-stringify). */
import fastify from "fastify";
import type { JsonCreateOrderRequest } from "../../order.ts";
import { createJsonOrder, findJsonOrder } from "../../order.ts";
import { announce, portOf } from "../announce.ts";

const text = { type: "string" };
const item = {
  type: "object",
  properties: {
    productId: text,
    productName: text,
    quantity: { type: "integer" },
    unitPrice: text,
  },
};
const request = {
  type: "object",
  properties: { userId: text, items: { type: "array", items: item }, address: text, remark: text },
};
const order = {
  type: "object",
  properties: {
    id: text,
    ...request.properties,
    totalAmount: text,
    status: text,
    createdAt: text,
  },
};

const app = fastify({ logger: { level: "warn" } });
app.post<{ Body: JsonCreateOrderRequest }>(
  "/api/v1/orders",
  { schema: { body: request, response: { 200: order } } },
  ({ body }, reply) => {
    reply.send(createJsonOrder(body));
  },
);
app.get<{ Params: { order_id: string } }>(
  "/api/v1/orders/:order_id",
  {
    schema: {
      params: { type: "object", properties: { order_id: text } },
      response: { 200: order },
    },
  },
  ({ params }, reply) => {
    reply.send(findJsonOrder(params.order_id));
  },
);
await app.listen({ host: "127.0.0.1", port: 0 });
announce(portOf(app.server));
