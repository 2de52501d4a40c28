/** Every status an order can have, as stored and as sent. */
export const orderStatuses = ["pending", "paid", "shipped", "completed", "cancelled"] as const;

/** One of {@link orderStatuses}. */
export type OrderStatus = (typeof orderStatuses)[number];

/** An order, as the service keeps it. */
export interface Order {
  /** A UUID. */
  readonly id: string;
  readonly userId: string;
  readonly items: readonly OrderItem[];
  /** What {@link sumUp} says of the items. */
  readonly totalAmount: bigint;
  readonly status: OrderStatus;
  readonly address: string;
  readonly remark: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** One line of an order. */
export interface OrderItem {
  readonly productId: string;
  readonly productName: string;
  readonly quantity: number;
  /** In the smallest unit of the currency. A bigint, so that no cent is lost above 2^53. */
  readonly unitPrice: bigint;
}

/** The largest amount that the protocol and the databases can hold: a signed 64-bit integer. */
export const maxAmount = 2n ** 63n - 1n;

/** What the items cost together; may exceed {@link maxAmount}. */
export function sumUp(items: readonly OrderItem[]): bigint {
  return items.reduce((sum, item) => sum + BigInt(item.quantity) * item.unitPrice, 0n);
}
