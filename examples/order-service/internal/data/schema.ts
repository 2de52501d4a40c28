import type { SqlSchema } from "./sql-database.ts";

/**
 * The tables of this service. An order is one row with its items in it: they are written with it, read with
 * it and never on their own. Times are milliseconds since the epoch; `seq` tells orders of the same
 * millisecond apart.
 */
export const schema: SqlSchema = {
  sqlite: [
    `create table orders (
      seq integer primary key autoincrement,
      id text not null unique,
      user_id text not null,
      items text not null,
      total_amount integer not null,
      status text not null,
      address text not null,
      remark text not null,
      created_at integer not null,
      updated_at integer not null
    ) strict;
    create index orders_of_user on orders (user_id, created_at desc, seq desc);
    create index orders_by_time on orders (created_at desc, seq desc)`,
  ],
  postgres: [
    `create table orders (
      seq bigint generated always as identity primary key,
      id uuid not null unique,
      user_id text not null,
      items jsonb not null,
      total_amount bigint not null,
      status text not null,
      address text not null,
      remark text not null,
      created_at bigint not null,
      updated_at bigint not null
    );
    create index orders_of_user on orders (user_id, created_at desc, seq desc);
    create index orders_by_time on orders (created_at desc, seq desc)`,
  ],
};
