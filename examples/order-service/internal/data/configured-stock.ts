import type { Stock } from "../biz/stock.ts";

/**
 * Knows how many pieces of a product there are from `available`; of every other product there are enough.
 * A shop would ask its stock service here, and reserve what it sells.
 */
export function newConfiguredStock(available: Readonly<Record<string, number>>): Stock {
  const pieces = new Map(Object.entries(available));
  return {
    async findShortage(items) {
      const wanted = new Map<string, number>(); // a product may stand on several lines
      for (const { productId, quantity } of items) {
        wanted.set(productId, (wanted.get(productId) ?? 0) + quantity);
      }
      for (const [productId, quantity] of wanted) {
        const left = pieces.get(productId) ?? Number.POSITIVE_INFINITY;
        if (quantity > left) return { productId, wanted: quantity, available: left };
      }
      return undefined;
    },
  };
}
