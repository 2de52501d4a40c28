import { badRequest, type KratosError } from "@kratos-ts/runtime";
import type {
  CancelOrderRequest,
  CreateOrderRequest,
  ListOrdersRequest,
} from "../../api/order/v1/order_pb.ts";
import { maxAmount, type OrderStatus, orderStatuses, sumUp } from "../biz/order.ts";

// These are the `validate.rules` of order.proto, which nothing enforces on its own yet, and what such rules
// cannot say. Code and reason are those of Kratos's validator. Every problem is told at once.

/** Throws `VALIDATOR` (400) unless an order can be made of the request. */
export function checkCreateOrder(request: CreateOrderRequest): void {
  const problems = [
    ...checkText("user_id", request.userId, 100),
    ...checkText("address", request.address, 500),
    ...checkText("remark", request.remark, 500),
  ];
  const { items } = request;
  if (items.length < 1 || items.length > 100) problems.push("items must hold 1 to 100 items");
  for (const [index, item] of items.entries()) {
    const path = `items[${index}]`;
    problems.push(...checkText(`${path}.product_id`, item.productId, 100));
    problems.push(...checkText(`${path}.product_name`, item.productName, 200));
    if (item.productId === "") problems.push(`${path}.product_id must not be empty`);
    if (item.quantity <= 0) problems.push(`${path}.quantity must be greater than 0`);
    if (item.unitPrice < 0n) problems.push(`${path}.unit_price must not be negative`);
  }
  if (problems.length === 0 && sumUp(items) > maxAmount) {
    problems.push(`items must cost ${maxAmount} together at most`);
  }
  refuse(problems);
}

/** Throws `VALIDATOR` (400) for a status that no order can have. */
export function checkListOrders(request: ListOrdersRequest): OrderStatus | undefined {
  const status = orderStatuses.find((known) => known === request.status);
  const problems = checkText("user_id", request.userId, 100);
  if (status === undefined && request.status !== "") {
    problems.push(`status must be empty or one of ${orderStatuses.join(", ")}`);
  }
  refuse(problems);
  return status;
}

/** Throws `VALIDATOR` (400) for a reason that is too long. */
export function checkCancelOrder(request: CancelOrderRequest): void {
  refuse(checkText("reason", request.reason, 500));
}

function checkText(path: string, text: string, maxLength: number): string[] {
  const problems: string[] = [];
  if ([...text].length > maxLength)
    problems.push(`${path} must have at most ${maxLength} characters`);
  // PostgreSQL cannot keep it.
  if (text.includes("\0")) problems.push(`${path} must not contain a zero character`);
  return problems;
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw invalid(problems);
}

function invalid(problems: readonly string[]): KratosError {
  return badRequest("VALIDATOR", problems.join("; "));
}
