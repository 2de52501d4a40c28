import { z } from "zod";
import type { Greeter, GreeterRepo } from "../biz/greeter.ts";
import type { SqlDatabase } from "./sql-database.ts";

/** Keeps greeters in the table `greeters`. */
export function newGreeterRepo(database: SqlDatabase): GreeterRepo {
  return {
    async addGreeting(name, at) {
      const rows = await database.query(
        `insert into greeters (name, greetings, last_greeted_at) values ($1, 1, $2)
         on conflict (name) do update
         set greetings = greeters.greetings + 1, last_greeted_at = excluded.last_greeted_at
         returning name, greetings, last_greeted_at`,
        [name, at.getTime()],
      );
      return toGreeter(rows[0]);
    },

    async findByName(name) {
      const rows = await database.query(
        "select name, greetings, last_greeted_at from greeters where name = $1",
        [name],
      );
      return rows.length === 0 ? undefined : toGreeter(rows[0]);
    },
  };
}

function toGreeter(row: unknown): Greeter {
  const { name, greetings, last_greeted_at: lastGreetedAt } = greeterRow.parse(row);
  return { name, greetings, lastGreetedAt: new Date(lastGreetedAt) };
}

const greeterRow = z.object({
  name: z.string(),
  greetings: z.number(),
  last_greeted_at: z.coerce.number(), // PostgreSQL gives a bigint as text
});
