import { Client } from "pg";
import { expect, test } from "vitest";
import { startService } from "../cmd/start-service.ts";
import { makePostgresDatabase } from "./make-postgres-database.ts";

test("two processes share what PostgreSQL keeps", async () => {
  const database = { driver: "postgres", source: await makePostgresDatabase() };
  const [one, two] = await Promise.all([startService(database), startService(database)]);

  await fetch(`${one.http}/helloworld/kratos`);
  await fetch(`${two.http}/helloworld/kratos`);
  const response = await fetch(`${one.http}/greeters/kratos`);

  expect(await response.json()).toMatchObject({ name: "kratos", greetings: 2 });
});

test("a broken database is 500 without its text, and the service goes on when it is mended", async () => {
  const source = await makePostgresDatabase();
  const { http } = await startService({ driver: "postgres", source });
  await execute(source, "alter table greeters rename to elsewhere");

  const failed = await fetch(`${http}/helloworld/kratos`);
  expect(failed.status).toBe(500);
  expect(await failed.text()).not.toContain("greeters");

  await execute(source, "alter table elsewhere rename to greeters");
  expect((await fetch(`${http}/helloworld/kratos`)).status).toBe(200);
});

test("connections that the server ends are made anew", async () => {
  const source = await makePostgresDatabase();
  const { http } = await startService({ driver: "postgres", source });
  await fetch(`${http}/helloworld/kratos`);

  await execute(
    source,
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );

  await expect.poll(async () => (await fetch(`${http}/helloworld/kratos`)).status).toBe(200);
});

async function execute(source: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: source });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
