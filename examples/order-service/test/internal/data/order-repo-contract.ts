import { randomUUID } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { maxAmount, type Order } from "../../../internal/biz/order.ts";
import type { OrderRepo } from "../../../internal/biz/order-repo.ts";

const noon = Date.parse("2026-01-01T12:00:00.123Z");

/** An order that was made `seconds` after noon. */
function makeOrder(seconds: number, part: Partial<Order> = {}): Order {
  const at = new Date(noon + seconds * 1000);
  return {
    id: randomUUID(),
    userId: "user_123",
    items: [{ productId: "prod_001", productName: "iPhone 15", quantity: 1, unitPrice: 599_900n }],
    totalAmount: 599_900n,
    status: "pending",
    address: "Beijing Chaoyang District xxx",
    remark: "Please ship ASAP",
    createdAt: at,
    updatedAt: at,
    ...part,
  };
}

const firstPage = { page: 1, pageSize: 10 };

/**
 * What an order repository does, whatever the database: `open` gives an empty one for each test.
 */
export function testOrderRepo(
  open: () => Promise<{ repo: OrderRepo; close(): Promise<void> }>,
): void {
  let orders: OrderRepo;

  beforeEach(async () => {
    const { repo, close } = await open();
    orders = repo;
    return close;
  });

  test("gives back an order as it was created", async () => {
    const order = makeOrder(0, {
      items: [
        { productId: "Ω", productName: "'; drop table orders; --", quantity: 3, unitPrice: 1n },
        { productId: "b", productName: "", quantity: 2 ** 31 - 1, unitPrice: maxAmount },
      ],
      totalAmount: maxAmount,
      address: "朝阳区 😀\n2nd line",
      remark: "",
      updatedAt: new Date(noon + 5),
    });

    await orders.create(order);

    expect(await orders.findById(order.id)).toEqual(order);
  });

  test("finds no order that was not created", async () => {
    expect(await orders.findById(randomUUID())).toBeUndefined();
  });

  test("refuses a second order with the same id", async () => {
    const order = makeOrder(0);
    await orders.create(order);

    await expect(orders.create(order)).rejects.toThrow(/unique/i);
  });

  test("lists newest first, page by page", async () => {
    const made = Array.from({ length: 25 }, (_, index) => makeOrder(index));
    for (const order of made) await orders.create(order); // oxlint-disable-line no-await-in-loop -- in this order
    const newestFirst = made.toReversed();

    const pages = await Promise.all(
      [1, 2, 3, 4].map((page) => orders.list({ page, pageSize: 10 })),
    );

    expect(pages.map((page) => page.total)).toEqual([25, 25, 25, 25]);
    expect(pages.map((page) => page.orders)).toEqual([
      newestFirst.slice(0, 10),
      newestFirst.slice(10, 20),
      newestFirst.slice(20),
      [],
    ]);
  });

  test("lists orders of the same millisecond in the order of their creation, newest first", async () => {
    const made = Array.from({ length: 5 }, () => makeOrder(0));
    for (const order of made) await orders.create(order); // oxlint-disable-line no-await-in-loop -- in this order

    expect((await orders.list(firstPage)).orders).toEqual(made.toReversed());
  });

  test("lists by user, by status and by both", async () => {
    const mine = makeOrder(3, { userId: "me" });
    const mineShipped = makeOrder(2, { userId: "me", status: "shipped" });
    const yoursShipped = makeOrder(1, { userId: "you", status: "shipped" });
    await Promise.all([mine, mineShipped, yoursShipped].map((order) => orders.create(order)));

    expect(await orders.list({ ...firstPage, userId: "me" })).toEqual({
      orders: [mine, mineShipped],
      total: 2,
    });
    expect(await orders.list({ ...firstPage, status: "shipped" })).toEqual({
      orders: [mineShipped, yoursShipped],
      total: 2,
    });
    expect(await orders.list({ ...firstPage, userId: "me", status: "shipped" })).toEqual({
      orders: [mineShipped],
      total: 1,
    });
    expect(await orders.list({ ...firstPage, userId: "she" })).toEqual({ orders: [], total: 0 });
  });

  test("changes a status and the time of the change, and nothing else", async () => {
    const order = makeOrder(0);
    const other = makeOrder(1);
    await orders.create(order);
    await orders.create(other);
    const later = new Date(noon + 60_000);

    expect(await orders.updateStatus(order.id, "shipped", later)).toBe(true);

    expect(await orders.findById(order.id)).toEqual({
      ...order,
      status: "shipped",
      updatedAt: later,
    });
    expect(await orders.findById(other.id)).toEqual(other);
  });

  test("does not change a status to what it is, nor that of an unknown order", async () => {
    const order = makeOrder(0);
    await orders.create(order);

    expect(await orders.updateStatus(order.id, "pending", new Date())).toBe(false);
    expect(await orders.updateStatus(randomUUID(), "shipped", new Date())).toBe(false);
    expect(await orders.findById(order.id)).toEqual(order);
  });

  test("lets exactly one of many changes at once succeed", async () => {
    const order = makeOrder(0);
    await orders.create(order);

    const results = await Promise.all(
      Array.from({ length: 20 }, () => orders.updateStatus(order.id, "cancelled", new Date())),
    );

    expect(results.filter(Boolean)).toHaveLength(1);
  });
}
