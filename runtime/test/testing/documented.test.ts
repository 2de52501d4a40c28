import { KratosError, type Middleware } from "@kratos-ts/runtime";
import { GrpcServer } from "@kratos-ts/runtime/grpc";
import { HttpServer } from "@kratos-ts/runtime/http";
import { silentLogger as logger } from "@kratos-ts/runtime/log";
import {
  createRecordingLogger,
  createTestContext,
  type InMemoryService,
  startInMemory,
} from "@kratos-ts/runtime/testing";
import { readFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import {
  createOrderServiceGrpcClient,
  type OrderServiceGrpcClient,
  type OrderServiceGrpcServer,
  registerOrderServiceGrpcServer,
} from "../../../examples/order-service/api/order/v1/order_grpc.ts";
import {
  createOrderServiceHttpClient,
  type OrderServiceHttpServer,
  registerOrderServiceHttpServer,
} from "../../../examples/order-service/api/order/v1/order_http.ts";

// What docs/testing.md shows, word for word.

const orders: OrderServiceHttpServer = {
  getOrder({ orderId }) {
    if (orderId === "7") return { order: { id: "7", status: "paid" } };
    throw new KratosError(404, "ORDER_NOT_FOUND", "no such order", {
      metadata: { order_id: orderId },
    });
  },
  createOrder: () => ({ orderId: "7" }),
  listOrders: () => ({}),
  cancelOrder: () => ({ success: true }),
};

async function startOrders(): Promise<InMemoryService> {
  const http = new HttpServer({ logger });
  registerOrderServiceHttpServer(http, orders);
  const grpc = new GrpcServer({ logger });
  registerOrderServiceGrpcServer(grpc, orders);
  const service = await startInMemory({ http, grpc });
  onTestFinished(() => service.close());
  return service;
}

test("tells that there is no such order, over both transports", async () => {
  const service = await startOrders();
  const overHttp = createOrderServiceHttpClient(service.httpClient());
  const overGrpc = createOrderServiceGrpcClient(service.grpcClient({ timeout: 500 }));

  for (const client of [overHttp, overGrpc]) {
    const { order } = await client.getOrder({ orderId: "7" });
    expect(order?.status).toBe("paid");
    await expect(client.getOrder({ orderId: "8" })).rejects.toMatchObject({
      reason: "ORDER_NOT_FOUND",
      metadata: { order_id: "8" },
    });
  }
});

test("answers as others read it", async () => {
  const service = await startOrders();

  const response = await service.fetch("/api/v1/orders/8");

  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ reason: "ORDER_NOT_FOUND" });
});

export async function fakeOrders(
  handlers: OrderServiceGrpcServer,
): Promise<OrderServiceGrpcClient> {
  const grpc = new GrpcServer({ logger });
  registerOrderServiceGrpcServer(grpc, handlers);
  const service = await startInMemory({ grpc });
  onTestFinished(() => service.close());
  return createOrderServiceGrpcClient(service.grpcClient());
}

const requireTenant: Middleware = (next) => (request, context) => {
  const tenant = context.requestHeader.get("x-tenant");
  if (tenant === undefined) throw new KratosError(401, "NO_TENANT", "who are you");
  context.replyHeader.set("x-served", tenant);
  context.logger.info({ tenant }, "tenant known");
  return next(request, context);
};

test("lets tenants in", async () => {
  const logger = createRecordingLogger();
  const context = createTestContext({
    operation: "/order.v1.OrderService/GetOrder",
    headers: { "x-tenant": "a" },
    logger,
  });

  const handler = requireTenant(() => "reply");

  expect(await handler({}, context)).toBe("reply");
  expect(context.replyHeader.get("x-served")).toBe("a");
  expect(logger.records).toEqual([
    { level: "info", message: "tenant known", fields: { tenant: "a" } },
  ]);
});

test("keeps others out", () => {
  const handler = requireTenant(() => "reply");

  expect(() => handler({}, createTestContext())).toThrow("who are you");
});

test("a documented stand-in answers", async () => {
  const client = await fakeOrders(orders);

  expect((await client.createOrder({})).orderId).toBe("7");
});

test("docs/testing.md shows what is tested here", async () => {
  const page = await readFile(new URL("../../../docs/testing.md", import.meta.url), "utf8");
  const source = await readFile(new URL(import.meta.url), "utf8");
  const blocks = Array.from(page.matchAll(/```ts\n(.+?)```/gs), ([, block = ""]) =>
    block.replaceAll(/^import [^;]*;\n/gm, "").trim(),
  );
  expect(blocks).toHaveLength(3);
  expect(blocks.filter((block) => !source.includes(block))).toEqual([]);
});
