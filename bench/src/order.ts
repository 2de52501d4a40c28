/**
 * The work that every measured server does: `CreateOrder` turns a request of 419 bytes of JSON into an
 * order of 517 bytes, `GetOrder` gives the same order under the id that was asked for.
 */

/** One line of an order, as ProtoJSON has it (64-bit numbers are strings). */
export interface JsonOrderItem {
  readonly productId: string;
  readonly productName: string;
  readonly quantity: number;
  readonly unitPrice: string;
}

/** `CreateOrderRequest` as ProtoJSON. */
export interface JsonCreateOrderRequest {
  readonly userId: string;
  readonly items: readonly JsonOrderItem[];
  readonly address: string;
  readonly remark: string;
}

/** `Order` as ProtoJSON. */
export interface JsonOrder extends JsonCreateOrderRequest {
  readonly id: string;
  readonly totalAmount: string;
  readonly status: string;
  readonly createdAt: string;
}

/** The request that is sent over and over. */
export const createRequest: JsonCreateOrderRequest = {
  userId: "user_20250117",
  items: [
    { productId: "prod_001", productName: "iPhone 15 Pro", quantity: 1, unitPrice: "799900" },
    { productId: "prod_002", productName: "USB-C charger", quantity: 2, unitPrice: "14900" },
    { productId: "prod_003", productName: "silicone case", quantity: 3, unitPrice: "4900" },
  ],
  address: "42 Chaoyang North Road, Chaoyang District, Beijing 100026",
  remark: "please ship before Friday, call first",
};

export const createRequestText = JSON.stringify(createRequest);

/** The id that a new order gets, and the one that is asked for. */
export const orderId = "ord_01JHS8";

/** Seconds since 1970; constant, so that a reply can be compared with {@link expectedOrder}. */
export const orderCreatedAt = 1_763_596_800;

/** What both methods answer. */
export const expectedOrder: JsonOrder = {
  id: orderId,
  ...createRequest,
  totalAmount: "844400",
  status: "ORDER_STATUS_PENDING",
  createdAt: String(orderCreatedAt),
};

/** Bytes of {@link expectedOrder} as compact JSON. */
export const orderJsonBytes = 517;

/** What the servers without a proto codec do: plain numbers and strings. */
export function createJsonOrder(request: JsonCreateOrderRequest): JsonOrder {
  let total = 0;
  for (const item of request.items) total += Number(item.unitPrice) * item.quantity;
  return {
    id: orderId,
    userId: request.userId,
    items: request.items,
    totalAmount: String(total),
    status: "ORDER_STATUS_PENDING",
    address: request.address,
    remark: request.remark,
    createdAt: String(orderCreatedAt),
  };
}

/** `GetOrder` likewise. */
export function findJsonOrder(id: string): JsonOrder {
  return {
    id,
    userId: expectedOrder.userId,
    items: expectedOrder.items,
    totalAmount: expectedOrder.totalAmount,
    status: expectedOrder.status,
    address: expectedOrder.address,
    remark: expectedOrder.remark,
    createdAt: expectedOrder.createdAt,
  };
}
