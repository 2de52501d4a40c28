import { z } from "zod";
import { type Order, type OrderItem, orderStatuses } from "../biz/order.ts";
import type { OrderFilter, OrderRepo } from "../biz/order-repo.ts";
import type { SqlDatabase, SqlValue } from "./sql-database.ts";

const columns = "id, user_id, items, total_amount, status, address, remark, created_at, updated_at";

/** Keeps orders in the table `orders`. */
export function newOrderRepo(database: SqlDatabase): OrderRepo {
  return {
    async create(order) {
      await database.query(
        `insert into orders (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          order.id,
          order.userId,
          printItems(order.items),
          order.totalAmount,
          order.status,
          order.address,
          order.remark,
          order.createdAt.getTime(),
          order.updatedAt.getTime(),
        ],
      );
    },

    async findById(id) {
      const rows = await database.query(`select ${columns} from orders where id = $1`, [id]);
      return rows.length === 0 ? undefined : toOrder(rows[0]);
    },

    async list(filter) {
      const { where, params } = toWhere(filter);
      const [count] = await database.query(`select count(*) as total from orders ${where}`, params);
      const rows = await database.query(
        `select ${columns} from orders ${where}
         order by created_at desc, seq desc
         limit $${params.length + 1} offset $${params.length + 2}`,
        [...params, filter.pageSize, (filter.page - 1) * filter.pageSize],
      );
      return { orders: rows.map(toOrder), total: countRow.parse(count).total };
    },

    async updateStatus(id, status, at) {
      const rows = await database.query(
        "update orders set status = $2, updated_at = $3 where id = $1 and status <> $2 returning id",
        [id, status, at.getTime()],
      );
      return rows.length > 0;
    },
  };
}

function toWhere({ userId, status }: OrderFilter): { where: string; params: SqlValue[] } {
  const params: SqlValue[] = [];
  const conditions: string[] = [];
  if (userId !== undefined) conditions.push(`user_id = $${params.push(userId)}`);
  if (status !== undefined) conditions.push(`status = $${params.push(status)}`);
  return { where: conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`, params };
}

function toOrder(row: unknown): Order {
  const order = orderRow.parse(row);
  return {
    id: order.id,
    userId: order.user_id,
    items: order.items,
    totalAmount: order.total_amount,
    status: order.status,
    address: order.address,
    remark: order.remark,
    createdAt: new Date(order.created_at),
    updatedAt: new Date(order.updated_at),
  };
}

/** Prices are written as text, since a reader of JSON would round large numbers. */
function printItems(items: readonly OrderItem[]): string {
  return JSON.stringify(
    items.map((item) => ({
      product_id: item.productId,
      product_name: item.productName,
      quantity: item.quantity,
      unit_price: String(item.unitPrice),
    })),
  );
}

const item = z
  .object({
    product_id: z.string(),
    product_name: z.string(),
    quantity: z.number(),
    unit_price: z.coerce.bigint(),
  })
  .transform((stored): OrderItem => ({
    productId: stored.product_id,
    productName: stored.product_name,
    quantity: stored.quantity,
    unitPrice: stored.unit_price,
  }));

// PostgreSQL gives JSON parsed and a bigint as text; SQLite gives text, and a bigint when it must.
const orderRow = z.object({
  id: z.string(),
  user_id: z.string(),
  items: z.preprocess(
    (value) => (typeof value === "string" ? JSON.parse(value) : value),
    z.array(item),
  ),
  total_amount: z.coerce.bigint(),
  status: z.enum(orderStatuses),
  address: z.string(),
  remark: z.string(),
  created_at: z.coerce.number(),
  updated_at: z.coerce.number(),
});

const countRow = z.object({ total: z.coerce.number() });
