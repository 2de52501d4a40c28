import type { OrderItem } from "./order.ts";

/** A product of which there is too little. */
export interface Shortage {
  readonly productId: string;
  readonly wanted: number;
  readonly available: number;
}

/** What the service asks about stock: the port to a stock service. */
export interface Stock {
  /** The first product that cannot be delivered as ordered, if any. */
  findShortage(items: readonly OrderItem[]): Promise<Shortage | undefined>;
}
