import type { CreateOrderRequest, GetOrderRequest, OrderItem } from "../proto/order/v1/order_pb.ts";
import { OrderStatus } from "../proto/order/v1/order_pb.ts";
import { createRequest, orderCreatedAt, orderId } from "./order.ts";

/** An `Order` as a handler answers it: a plain object, not a message made by `create`. */
export interface OrderReply {
  readonly id: string;
  readonly userId: string;
  readonly items: OrderItem[];
  readonly totalAmount: bigint;
  readonly status: OrderStatus;
  readonly address: string;
  readonly remark: string;
  readonly createdAt: bigint;
}

const createdAt = BigInt(orderCreatedAt);

const storedItems: OrderItem[] = createRequest.items.map((item) => ({
  $typeName: "order.v1.OrderItem",
  ...item,
  unitPrice: BigInt(item.unitPrice),
}));

const storedTotal = totalAmount(storedItems);

/** The same work as `createJsonOrder`, on messages. Shared by every server that has generated code. */
export function createOrder(request: CreateOrderRequest): OrderReply {
  return {
    id: orderId,
    userId: request.userId,
    items: request.items,
    totalAmount: totalAmount(request.items),
    status: OrderStatus.PENDING,
    address: request.address,
    remark: request.remark,
    createdAt,
  };
}

/** The same work as `findJsonOrder`, on messages. */
export function getOrder(request: GetOrderRequest): OrderReply {
  return {
    id: request.orderId,
    userId: createRequest.userId,
    items: storedItems,
    totalAmount: storedTotal,
    status: OrderStatus.PENDING,
    address: createRequest.address,
    remark: createRequest.remark,
    createdAt,
  };
}

function totalAmount(items: readonly OrderItem[]): bigint {
  let total = 0n;
  for (const item of items) total += item.unitPrice * BigInt(item.quantity);
  return total;
}
