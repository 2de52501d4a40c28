import { Client } from "pg";
import { onTestFinished } from "vitest";

/**
 * Makes an empty database in the PostgreSQL that TEST_POSTGRES_URL names, dropped when the test has
 * ended. Returns its URL.
 */
export async function makePostgresDatabase(): Promise<string> {
  const server = process.env["TEST_POSTGRES_URL"];
  if (server === undefined) {
    throw new Error("these tests need TEST_POSTGRES_URL, the URL of a PostgreSQL as its superuser");
  }
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  await execute(server, `create database ${name}`);
  onTestFinished(() => execute(server, `drop database ${name} with (force)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function execute(server: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
