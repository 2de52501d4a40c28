import type { Order } from "../../internal/biz/order.ts";
import type { OrderRepo } from "../../internal/biz/order-repo.ts";

/** Keeps orders in memory, for tests of what lies above the data layer. */
export function newFakeOrderRepo(): OrderRepo {
  const orders = new Map<string, Order>();
  return {
    async create(order) {
      orders.set(order.id, order);
    },
    findById: async (id) => orders.get(id),
    async list({ userId, status, page, pageSize }) {
      const matching = [...orders.values()]
        .filter((order) => userId === undefined || order.userId === userId)
        .filter((order) => status === undefined || order.status === status)
        .toReversed();
      const start = (page - 1) * pageSize;
      return { orders: matching.slice(start, start + pageSize), total: matching.length };
    },
    async updateStatus(id, status, at) {
      const order = orders.get(id);
      if (order === undefined || order.status === status) return false;
      orders.set(id, { ...order, status, updatedAt: at });
      return true;
    },
  };
}
