import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  CancelOrderRequestSchema,
  CreateOrderRequestSchema,
  ListOrdersRequestSchema,
} from "../../../api/order/v1/order_pb.ts";
import {
  checkCancelOrder,
  checkCreateOrder,
  checkListOrders,
} from "../../../internal/service/check-request.ts";

type CreateOrder = MessageInitShape<typeof CreateOrderRequestSchema>;

const item = { productId: "prod_001", productName: "iPhone 15", quantity: 1, unitPrice: 599_900n };

function check(part: CreateOrder): void {
  checkCreateOrder(create(CreateOrderRequestSchema, { userId: "me", items: [item], ...part }));
}

test.for<[string, CreateOrder, string]>([
  ["no items", { items: [] }, "items must hold 1 to 100 items"],
  [
    "too many items",
    { items: Array.from({ length: 101 }, () => item) },
    "items must hold 1 to 100 items",
  ],
  ["no product", { items: [{ ...item, productId: "" }] }, "items[0].product_id must not be empty"],
  [
    "a quantity of 0",
    { items: [{ ...item, quantity: 0 }] },
    "items[0].quantity must be greater than 0",
  ],
  [
    "a negative quantity",
    { items: [item, { ...item, quantity: -1 }] },
    "items[1].quantity must be greater than 0",
  ],
  [
    "a negative price",
    { items: [{ ...item, unitPrice: -1n }] },
    "items[0].unit_price must not be negative",
  ],
  ["a long address", { address: "x".repeat(501) }, "address must have at most 500 characters"],
  ["a zero character", { remark: "a\0b" }, "remark must not contain a zero character"],
  [
    "a total of 2^63",
    { items: [{ ...item, quantity: 2, unitPrice: 2n ** 62n }] },
    "items must cost 9223372036854775807 together at most",
  ],
  [
    "a total far above",
    { items: [{ ...item, quantity: 2 ** 31 - 1, unitPrice: 2n ** 63n - 1n }] },
    "items must cost 9223372036854775807 together at most",
  ],
])("refuses an order with %s", ([, part, message]) => {
  expect(() => check(part)).toThrow(
    expect.objectContaining({ code: 400, reason: "VALIDATOR", message }),
  );
});

test("tells all problems at once", () => {
  expect(() => check({ remark: "\0", items: [{ ...item, quantity: 0, unitPrice: -5n }] })).toThrow(
    "remark must not contain a zero character; items[0].quantity must be greater than 0; " +
      "items[0].unit_price must not be negative",
  );
});

test.for<[string, CreateOrder]>([
  ["a free item", { items: [{ ...item, unitPrice: 0n }] }],
  ["the largest total", { items: [{ ...item, unitPrice: 2n ** 63n - 1n }] }],
  ["500 characters of two code units each", { address: "😀".repeat(500) }],
])("accepts an order with %s", ([, part]) => {
  expect(() => check(part)).not.toThrow();
});

test("reads a status", () => {
  expect(checkListOrders(create(ListOrdersRequestSchema, { status: "paid" }))).toBe("paid");
  expect(checkListOrders(create(ListOrdersRequestSchema))).toBeUndefined();
});

test("refuses a status that no order can have", () => {
  expect(() => checkListOrders(create(ListOrdersRequestSchema, { status: "lost" }))).toThrow(
    "status must be empty or one of pending, paid, shipped, completed, cancelled",
  );
});

test("refuses a long reason", () => {
  const request = create(CancelOrderRequestSchema, { reason: "x".repeat(501) });

  expect(() => checkCancelOrder(request)).toThrow("reason must have at most 500 characters");
});
