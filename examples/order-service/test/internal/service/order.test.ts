import { silentLogger as logger } from "@kratos-ts/runtime/log";
import { type InMemoryService, startInMemory } from "@kratos-ts/runtime/testing";
import { expect, onTestFinished, test } from "vitest";
import { createOrderServiceHttpClient } from "../../../api/order/v1/order_http.ts";
import { OrderUsecase } from "../../../internal/biz/order-usecase.ts";
import { bootstrapSchema } from "../../../internal/conf/conf_config.ts";
import { newConfiguredStock } from "../../../internal/data/configured-stock.ts";
import { newConfiguredUsers } from "../../../internal/data/configured-users.ts";
import { newGrpcServer } from "../../../internal/server/grpc.ts";
import { newHttpServer } from "../../../internal/server/http.ts";
import { OrderService } from "../../../internal/service/order.ts";
import { newFakeOrderRepo } from "../fake-order-repo.ts";

const item = { productId: "prod_001", productName: "iPhone 15", quantity: 2, unitPrice: 599_900n };
const purchase = { userId: "user_123", items: [item], address: "朝阳区", remark: "ASAP" };

/** The servers as they are, without a port and without a database. */
async function startOrders(): Promise<InMemoryService> {
  const orders = new OrderUsecase({
    repo: newFakeOrderRepo(),
    users: newConfiguredUsers([]),
    stock: newConfiguredStock({}),
    logger,
  });
  const { server } = bootstrapSchema.parse({});
  const deps = { services: { order: new OrderService({ orders }) }, logger };
  const service = await startInMemory({
    http: newHttpServer({ config: server.http, ...deps }),
    grpc: newGrpcServer({ config: server.grpc, ...deps }),
  });
  onTestFinished(() => service.close());
  return service;
}

test.for([
  ["no JSON", "{"],
  ["a list", "[]"],
  [
    "a price that is no number",
    '{"user_id":"me","items":[{"product_id":"a","quantity":1,"unit_price":"x"}]}',
  ],
  [
    "a quantity that no int32 holds",
    '{"user_id":"me","items":[{"product_id":"a","quantity":2147483648}]}',
  ],
  [
    "a user with a zero character",
    '{"user_id":"\\u0000","items":[{"product_id":"a","quantity":1}]}',
  ],
] as const)("answers a body with %s with 400", async ([, body]) => {
  const { fetch } = await startOrders();

  const response = await fetch("/api/v1/orders", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });

  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: 400 });
});

test("the order id of the path wins over one in the body", async () => {
  const service = await startOrders();
  const orders = createOrderServiceHttpClient(service.httpClient());
  const mine = await orders.createOrder(purchase);
  const other = await orders.createOrder(purchase);

  await service.fetch(`/api/v1/orders/${mine.orderId}/cancel`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ order_id: other.orderId, reason: "mine" }),
  });

  expect((await orders.getOrder({ orderId: mine.orderId })).order?.status).toBe("cancelled");
  expect((await orders.getOrder({ orderId: other.orderId })).order?.status).toBe("pending");
});
