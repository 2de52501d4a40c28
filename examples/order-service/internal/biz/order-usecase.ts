import { randomUUID } from "node:crypto";
import type { Logger } from "@kratos-ts/runtime/log";
import {
  errorInsufficientStock,
  errorInvalidUser,
  errorOrderAlreadyCancelled,
  errorOrderNotFound,
} from "../../api/order/v1/error_reason_errors.ts";
import { type Order, type OrderItem, type OrderStatus, sumUp } from "./order.ts";
import type { OrderPage, OrderRepo } from "./order-repo.ts";
import type { Stock } from "./stock.ts";
import type { Users } from "./users.ts";

/** What a {@link OrderUsecase} works with. */
export interface OrderUsecaseDeps {
  readonly repo: OrderRepo;
  readonly users: Users;
  readonly stock: Stock;
  readonly logger: Logger;
  /** The clock. Default: the system's. */
  readonly now?: () => Date;
}

/** What a customer orders. */
export interface Purchase {
  readonly userId: string;
  readonly items: readonly OrderItem[];
  readonly address: string;
  readonly remark: string;
}

/** Which orders to list, as a caller may say it: pages out of range are put right. */
export interface OrderQuery {
  readonly userId?: string | undefined;
  readonly status?: OrderStatus | undefined;
  readonly page: number;
  readonly pageSize: number;
}

const defaultPageSize = 20;
const maxPageSize = 100;

/** The rules of ordering, apart from how they are called and where orders lie. */
export class OrderUsecase {
  readonly #repo: OrderRepo;
  readonly #users: Users;
  readonly #stock: Stock;
  readonly #logger: Logger;
  readonly #now: () => Date;

  constructor({ repo, users, stock, logger, now = () => new Date() }: OrderUsecaseDeps) {
    this.#repo = repo;
    this.#users = users;
    this.#stock = stock;
    this.#logger = logger;
    this.#now = now;
  }

  /** Throws `INVALID_USER` and `INSUFFICIENT_STOCK`. */
  async create({ userId, items, address, remark }: Purchase): Promise<Order> {
    if (!(await this.#users.mayOrder(userId))) {
      throw errorInvalidUser("invalid user", { metadata: { user_id: userId } });
    }
    const shortage = await this.#stock.findShortage(items);
    if (shortage !== undefined) {
      const { productId, wanted, available } = shortage;
      throw errorInsufficientStock(
        `${wanted} of product "${productId}" were ordered, ${available} are there`,
        { metadata: { product_id: productId, available: String(available) } },
      );
    }
    const now = this.#now();
    const order: Order = {
      id: randomUUID(),
      userId,
      items,
      totalAmount: sumUp(items),
      status: "pending",
      address,
      remark,
      createdAt: now,
      updatedAt: now,
    };
    await this.#repo.create(order);
    this.#logger.info(
      { order_id: order.id, user_id: userId, items: items.length },
      "order created",
    );
    return order;
  }

  /** Throws `ORDER_NOT_FOUND`. */
  async get(id: string): Promise<Order> {
    // No other id was ever given out, and a database may refuse to look for some texts.
    const order = uuid.test(id) ? await this.#repo.findById(id) : undefined;
    if (order === undefined) throw notFound(id);
    return order;
  }

  /** Pages start at 1 and hold 20 orders by default, 100 at most. */
  list({ page, pageSize, ...filter }: OrderQuery): Promise<OrderPage> {
    return this.#repo.list({
      ...filter,
      page: Math.max(page, 1),
      pageSize: pageSize > 0 ? Math.min(pageSize, maxPageSize) : defaultPageSize,
    });
  }

  /** Throws `ORDER_NOT_FOUND` and `ORDER_ALREADY_CANCELLED`; of calls at once exactly one succeeds. */
  async cancel(id: string, reason: string): Promise<void> {
    // Asked first, the order could change before it is written; so it is written on a condition.
    const cancelled =
      uuid.test(id) && (await this.#repo.updateStatus(id, "cancelled", this.#now()));
    if (!cancelled) {
      await this.get(id);
      throw errorOrderAlreadyCancelled("order already cancelled", { metadata: { order_id: id } });
    }
    this.#logger.info({ order_id: id, reason }, "order cancelled");
  }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function notFound(id: string): Error {
  return errorOrderNotFound("order not found", { metadata: { order_id: id } });
}
