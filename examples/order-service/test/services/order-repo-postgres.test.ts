import { silentLogger } from "@kratos-ts/runtime/log";
import { describe } from "vitest";
import { newOrderRepo } from "../../internal/data/order-repo.ts";
import { openPostgres } from "../../internal/data/postgres-database.ts";
import { schema } from "../../internal/data/schema.ts";
import { testOrderRepo } from "../internal/data/order-repo-contract.ts";
import { makePostgresDatabase } from "./make-postgres-database.ts";

describe("on PostgreSQL", () => {
  testOrderRepo(async () => {
    const source = await makePostgresDatabase();
    const steps = schema.postgres;
    const database = await openPostgres({ source, steps, logger: silentLogger });
    return { repo: newOrderRepo(database), close: () => database.close() };
  });
});
