/** hono on its adapter for Node. */
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import type { JsonCreateOrderRequest } from "../../order.ts";
import { createJsonOrder, findJsonOrder } from "../../order.ts";
import { announce } from "../announce.ts";

const app = new Hono();
app.post("/api/v1/orders", async (context) =>
  context.json(createJsonOrder(await context.req.json<JsonCreateOrderRequest>())),
);
app.get("/api/v1/orders/:order_id", (context) =>
  context.json(findJsonOrder(context.req.param("order_id"))),
);
serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, (info) => announce(info.port));
