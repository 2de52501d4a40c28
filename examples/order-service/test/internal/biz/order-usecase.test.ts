import { silentLogger } from "@kratos-ts/runtime/log";
import { expect, test } from "vitest";
import {
  isInsufficientStock,
  isInvalidUser,
  isOrderAlreadyCancelled,
  isOrderNotFound,
} from "../../../api/order/v1/error_reason_errors.ts";
import { OrderUsecase, type OrderUsecaseDeps } from "../../../internal/biz/order-usecase.ts";
import { newConfiguredStock } from "../../../internal/data/configured-stock.ts";
import { newConfiguredUsers } from "../../../internal/data/configured-users.ts";
import { newFakeOrderRepo } from "../fake-order-repo.ts";

const noon = new Date("2026-01-01T12:00:00Z");

function newOrders(part: Partial<OrderUsecaseDeps> = {}): OrderUsecase {
  return new OrderUsecase({
    repo: newFakeOrderRepo(),
    users: newConfiguredUsers(["user_666"]),
    stock: newConfiguredStock({ prod_rare: 2 }),
    logger: silentLogger,
    now: () => noon,
    ...part,
  });
}

const item = { productId: "prod_001", productName: "iPhone 15", quantity: 2, unitPrice: 599_900n };
const purchase = { userId: "user_123", items: [item], address: "Beijing", remark: "" };

test("creates a pending order with an id, the sum and the time", async () => {
  const orders = newOrders();

  const order = await orders.create(purchase);

  expect(order).toEqual({
    ...purchase,
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    totalAmount: 1_199_800n,
    status: "pending",
    createdAt: noon,
    updatedAt: noon,
  });
  expect(await orders.get(order.id)).toEqual(order);
});

test.for(["", "user_666"])("refuses an order of the user %j", async (userId) => {
  await expect(newOrders().create({ ...purchase, userId })).rejects.toSatisfy(isInvalidUser);
});

test("adds up the lines of a product before it looks at the stock", async () => {
  const rare = { ...item, productId: "prod_rare", quantity: 1 };
  const orders = newOrders();

  await expect(orders.create({ ...purchase, items: [rare, rare] })).resolves.toBeDefined();
  const failure = await orders
    .create({ ...purchase, items: [rare, item, rare, rare] })
    .catch((error: unknown) => error);

  expect(failure).toSatisfy(isInsufficientStock);
  expect(failure).toMatchObject({
    message: '3 of product "prod_rare" were ordered, 2 are there',
    metadata: { product_id: "prod_rare", available: "2" },
  });
});

test("does not keep an order that it refuses", async () => {
  const orders = newOrders();

  await orders.create({ ...purchase, userId: "user_666" }).catch(() => undefined);

  expect(await orders.list({ page: 1, pageSize: 10 })).toEqual({ orders: [], total: 0 });
});

test.for([
  ["0 of 0", { page: 0, pageSize: 0 }, { page: 1, pageSize: 20 }],
  ["-1 of -1", { page: -1, pageSize: -1 }, { page: 1, pageSize: 20 }],
  ["2 of 10", { page: 2, pageSize: 10 }, { page: 2, pageSize: 10 }],
  ["3 of 1000", { page: 3, pageSize: 1000 }, { page: 3, pageSize: 100 }],
] as const)("lists page %s as what it means", async ([, asked, meant]) => {
  const seen: unknown[] = [];
  const repo = newFakeOrderRepo();
  const spy = { ...repo, list: (filter: never) => (seen.push(filter), repo.list(filter)) };

  await newOrders({ repo: spy }).list({ ...asked, userId: "me", status: "paid" });

  expect(seen).toEqual([{ ...meant, userId: "me", status: "paid" }]);
});

test.for(["7d3f9d3e-52a1-4c5b-9a0e-000000000000", "42", "", "\0"])(
  "finds no order %j",
  async (id) => {
    await expect(newOrders().get(id)).rejects.toSatisfy(isOrderNotFound);
    await expect(newOrders().cancel(id, "")).rejects.toSatisfy(isOrderNotFound);
  },
);

test("cancels once", async () => {
  const orders = newOrders();
  const { id } = await orders.create(purchase);

  await orders.cancel(id, "changed my mind");

  expect(await orders.get(id)).toMatchObject({ status: "cancelled" });
  await expect(orders.cancel(id, "again")).rejects.toSatisfy(isOrderAlreadyCancelled);
});

test("lets exactly one of two cancellations at once succeed", async () => {
  const orders = newOrders();
  const { id } = await orders.create(purchase);

  const results = await Promise.allSettled([orders.cancel(id, "a"), orders.cancel(id, "b")]);

  expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("does not take a broken database for a missing order", async () => {
  const failure = new Error("connection lost");
  const repo = { ...newFakeOrderRepo(), updateStatus: () => Promise.reject(failure) };

  const id = "7d3f9d3e-52a1-4c5b-9a0e-000000000000";

  await expect(newOrders({ repo }).cancel(id, "")).rejects.toBe(failure);
});
