import type { Order, OrderStatus } from "./order.ts";

/** Which orders to list. */
export interface OrderFilter {
  /** Only this user's. Absent: everybody's. */
  readonly userId?: string | undefined;
  /** Only those with this status. Absent: with any. */
  readonly status?: OrderStatus | undefined;
  /** From 1. */
  readonly page: number;
  /** At least 1. */
  readonly pageSize: number;
}

/** A page of orders. */
export interface OrderPage {
  /** Newest first. */
  readonly orders: readonly Order[];
  /** How many orders the filter lets through, on all pages. */
  readonly total: number;
}

/**
 * Where orders are kept: the seam for further databases. A new implementation has to pass
 * test/internal/data/order-repo-contract.ts.
 */
export interface OrderRepo {
  create(order: Order): Promise<void>;
  findById(id: string): Promise<Order | undefined>;
  list(filter: OrderFilter): Promise<OrderPage>;
  /**
   * Gives the order this status, unless it has it already. True when this call changed it: of calls that
   * come at once, exactly one does. False also when there is no such order.
   */
  updateStatus(id: string, status: OrderStatus, at: Date): Promise<boolean>;
}
