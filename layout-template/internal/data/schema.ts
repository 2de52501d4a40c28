import type { SqlSchema } from "./sql-database.ts";

/** The tables of this service. Times are milliseconds since the epoch. */
export const schema: SqlSchema = {
  sqlite: [
    `create table greeters (
      name text primary key,
      greetings integer not null,
      last_greeted_at integer not null
    ) strict`,
  ],
  postgres: [
    `create table greeters (
      name text primary key,
      greetings integer not null,
      last_greeted_at bigint not null
    )`,
  ],
};
