import { GrpcClient } from "@kratos-ts/runtime/grpc";
import { HttpClient } from "@kratos-ts/runtime/http";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  isInsufficientStock,
  isInvalidUser,
  isOrderAlreadyCancelled,
  isOrderNotFound,
} from "../api/order/v1/error_reason_errors.ts";
import { createOrderServiceGrpcClient } from "../api/order/v1/order_grpc.ts";
import { createOrderServiceHttpClient } from "../api/order/v1/order_http.ts";
import { createGrpcJsClient } from "./grpc-js-client.ts";
import { type StartedService, startService } from "./start-service.ts";

type Orders = ReturnType<typeof createOrderServiceHttpClient>;

const clients: Record<string, (service: StartedService) => Orders> = {
  "our HTTP client"({ http }) {
    const client = new HttpClient({ endpoint: http });
    onTestFinished(() => client.close());
    return createOrderServiceHttpClient(client);
  },
  "our gRPC client"({ grpc }) {
    const client = new GrpcClient({ endpoint: grpc });
    onTestFinished(() => client.close());
    return createOrderServiceGrpcClient(client);
  },
  "@grpc/grpc-js"({ grpc }) {
    const client = createGrpcJsClient(grpc);
    onTestFinished(() => client.close());
    return client;
  },
};

const item = { productId: "prod_001", productName: "iPhone 15", quantity: 2, unitPrice: 599_900n };
const purchase = { userId: "user_123", items: [item], address: "朝阳区", remark: "ASAP" };
const unknownId = "00000000-0000-4000-8000-000000000000";

describe.for(Object.entries(clients))("through %s", ([, connect]) => {
  test("creates, reads, lists and cancels an order", async () => {
    const orders = connect(await startService());

    const { orderId } = await orders.createOrder(purchase);
    const { order } = await orders.getOrder({ orderId });
    expect(order).toMatchObject({
      ...purchase,
      id: orderId,
      totalAmount: 1_199_800n,
      status: "pending",
    });
    expect(order?.createdAt).toEqual(order?.updatedAt);

    expect(await orders.listOrders({ userId: "user_123" })).toMatchObject({
      orders: [order],
      total: 1,
    });
    expect(await orders.listOrders({ userId: "somebody else" })).toMatchObject({
      orders: [],
      total: 0,
    });

    expect(await orders.cancelOrder({ orderId, reason: "User cancelled" })).toMatchObject({
      success: true,
    });
    expect((await orders.getOrder({ orderId })).order).toMatchObject({ status: "cancelled" });
  });

  test("lists pages, newest first, 20 by default and 100 at most", async () => {
    const orders = connect(await startService());
    const ids: string[] = [];
    for (let count = 0; count < 105; count++) {
      ids.push((await orders.createOrder(purchase)).orderId);
    }
    const newestFirst = ids.toReversed();
    const list = async (page: number, pageSize: number): Promise<string[]> => {
      const reply = await orders.listOrders({ page, pageSize });
      expect(reply.total).toBe(105);
      return reply.orders.map((order) => order.id);
    };

    expect(await list(0, -1)).toEqual(newestFirst.slice(0, 20));
    expect(await list(2, 10)).toEqual(newestFirst.slice(10, 20));
    expect(await list(11, 10)).toEqual(newestFirst.slice(100));
    expect(await list(12, 10)).toEqual([]);
    expect(await list(1, 1000)).toEqual(newestFirst.slice(0, 100));
  });

  test("lets exactly one of two cancellations at once succeed", async () => {
    const orders = connect(await startService());
    const { orderId } = await orders.createOrder(purchase);

    const results = await Promise.allSettled([
      orders.cancelOrder({ orderId }),
      orders.cancelOrder({ orderId }),
    ]);

    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    const [failure] = results.flatMap((result) =>
      result.status === "rejected" ? [result.reason as unknown] : [],
    );
    expect(failure).toSatisfy(isOrderAlreadyCancelled);
  });

  test("keeps the largest amount to the last cent", async () => {
    const orders = connect(await startService());
    const unitPrice = 2n ** 63n - 1n;

    const { orderId } = await orders.createOrder({
      ...purchase,
      items: [{ ...item, quantity: 1, unitPrice }],
    });

    expect((await orders.getOrder({ orderId })).order).toMatchObject({
      totalAmount: unitPrice,
      items: [{ unitPrice }],
    });
  });

  const failures: Record<string, [(orders: Orders) => Promise<unknown>, object]> = {
    "an unknown order": [
      (orders) => orders.getOrder({ orderId: unknownId }),
      {
        code: 404,
        reason: "ORDER_NOT_FOUND",
        message: "order not found",
        metadata: { order_id: unknownId },
      },
    ],
    "the cancellation of an unknown order": [
      (orders) => orders.cancelOrder({ orderId: "no uuid" }),
      {
        code: 404,
        reason: "ORDER_NOT_FOUND",
        message: "order not found",
        metadata: { order_id: "no uuid" },
      },
    ],
    "a user who may not order": [
      (orders) => orders.createOrder({ ...purchase, userId: "user_666" }),
      {
        code: 400,
        reason: "INVALID_USER",
        message: "invalid user",
        metadata: { user_id: "user_666" },
      },
    ],
    "a lack of stock": [
      (orders) =>
        orders.createOrder({
          ...purchase,
          items: [{ ...item, productId: "prod_rare", quantity: 3 }],
        }),
      {
        code: 409,
        reason: "INSUFFICIENT_STOCK",
        message: '3 of product "prod_rare" were ordered, 2 are there',
        metadata: { product_id: "prod_rare", available: "2" },
      },
    ],
    "a total that no integer holds": [
      (orders) => orders.createOrder({ ...purchase, items: [{ ...item, unitPrice: 2n ** 62n }] }),
      {
        code: 400,
        reason: "VALIDATOR",
        message: "items must cost 9223372036854775807 together at most",
        metadata: {},
      },
    ],
  };

  test.for(Object.entries(failures))("fails the same for %s", async ([, [call, error]]) => {
    const orders = connect(await startService());

    await expect(call(orders)).rejects.toMatchObject(error);
  });
});

test("the generated predicates know the errors that came over the wire", async () => {
  const service = await startService();

  for (const connect of Object.values(clients)) {
    const orders = connect(service);
    await expect(orders.getOrder({ orderId: unknownId })).rejects.toSatisfy(isOrderNotFound);
    await expect(orders.createOrder({ ...purchase, userId: "user_666" })).rejects.toSatisfy(
      isInvalidUser,
    );
    await expect(
      orders.createOrder({
        ...purchase,
        items: [{ ...item, productId: "prod_rare", quantity: 3 }],
      }),
    ).rejects.toSatisfy(isInsufficientStock);
  }
});

test.for([
  ["an order id with a slash", "/api/v1/orders/a%2Fb", 404],
  ["an order id of other letters", "/api/v1/orders/%E8%AE%A2%E5%8D%95", 404],
  ["an order id with a zero character", "/api/v1/orders/%00", 404],
  ["a page that is no number", "/api/v1/orders?page=one", 400],
  ["a status that no order can have", "/api/v1/orders?status=lost", 400],
] as const)("answers %s with a client's error", async ([, path, code]) => {
  const { http } = await startService();

  const response = await fetch(http + path);

  expect(response.status).toBe(code);
  expect(Object.keys((await response.json()) as object)).toEqual([
    "code",
    "reason",
    "message",
    "metadata",
  ]);
});
