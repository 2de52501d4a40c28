import { silentLogger } from "@kratos-ts/runtime/log";
import { describe, expect, test } from "vitest";
import { openPostgres } from "../../internal/data/postgres-database.ts";
import { schema } from "../../internal/data/schema.ts";
import type { SqlDatabase } from "../../internal/data/sql-database.ts";
import { testGreeterRepo } from "../internal/data/greeter-repo-contract.ts";
import { makePostgresDatabase } from "./make-postgres-database.ts";

describe("on PostgreSQL", () => {
  testGreeterRepo(async () => open(await makePostgresDatabase(), schema.postgres));
});

function open(source: string, steps: readonly string[]): Promise<SqlDatabase> {
  return openPostgres({ source, steps, logger: silentLogger });
}

test("several processes may make the tables at once", async () => {
  const url = await makePostgresDatabase();
  const databases = await Promise.all(Array.from({ length: 5 }, () => open(url, schema.postgres)));

  const tables = await databases[0]?.query("select version from schema_version");

  expect(tables).toEqual([{ version: schema.postgres.length }]);
  await Promise.all(databases.map((database) => database.close()));
});

test("runs the steps of the schema that are added later", async () => {
  const url = await makePostgresDatabase();
  const first = await open(url, ["create table t (n integer)"]);
  await first.close();

  const steps = ["create table t (n integer)", "alter table t add column more text"];
  const database = await open(url, steps);
  await database.query("insert into t values ($1, $2)", [1, "b"]);
  expect(await database.query("select * from t")).toEqual([{ n: 1, more: "b" }]);
  await database.close();
});

test("leaves the database as it was when a step of the schema fails", async () => {
  const url = await makePostgresDatabase();
  const wrong = ["create table u (n integer)", "create table nonsense ("];
  await expect(open(url, wrong)).rejects.toThrow("cannot use PostgreSQL at");

  const database = await open(url, ["create table u (n integer)"]);
  await database.close();
});

test("refuses a database of a newer version of the program", async () => {
  const url = await makePostgresDatabase();
  await (await open(url, ["select 1", "select 2"])).close();

  await expect(open(url, ["select 1"])).rejects.toThrow(
    "its schema is version 2, this program knows 1",
  );
});

test("names a database that does not exist", async () => {
  const url = new URL(await makePostgresDatabase());
  url.pathname = "/nowhere";

  await expect(open(url.href, [])).rejects.toThrow(
    `cannot use PostgreSQL at "${url.host}/nowhere": database "nowhere" does not exist`,
  );
});
