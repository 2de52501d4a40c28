import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { newOrderRepo } from "../../../internal/data/order-repo.ts";
import { schema } from "../../../internal/data/schema.ts";
import { openSqlite } from "../../../internal/data/sqlite-database.ts";
import { testOrderRepo } from "./order-repo-contract.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

describe("on the embedded database", () => {
  testOrderRepo(async () => {
    const database = await openSqlite(join(makeTemporaryFolder(), "test.db"), schema.sqlite);
    return { repo: newOrderRepo(database), close: () => database.close() };
  });
});

test("finds a user's orders through an index", async () => {
  const database = await openSqlite(join(makeTemporaryFolder(), "test.db"), schema.sqlite);

  const plan = await database.query(
    "explain query plan select * from orders where user_id = $1 order by created_at desc, seq desc",
    ["user_123"],
  );

  expect(plan).toEqual([
    expect.objectContaining({
      detail: "SEARCH orders USING INDEX orders_of_user (user_id=?)",
    }),
  ]);
  await database.close();
});
