import { createServer, type Server } from "node:net";
import { silentLogger } from "@kratos-ts/runtime/log";
import { expect, onTestFinished, test } from "vitest";
import { openPostgres } from "../../../internal/data/postgres-database.ts";

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  return address.port;
}

test("names a server that nobody runs, and not the password", async () => {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));

  const failure = await openPostgres({
    source: `postgres://me:secret@127.0.0.1:${port}/orders`,
    steps: [],
    logger: silentLogger,
  }).catch((error: unknown) => error);

  expect(failure).toMatchObject({
    message: `cannot use PostgreSQL at "127.0.0.1:${port}/orders": connect ECONNREFUSED 127.0.0.1:${port}`,
  });
  expect(String(failure)).not.toContain("secret");
});

test("gives up on a server that does not answer", async () => {
  const silent = createServer();
  const port = await listen(silent);
  onTestFinished(() => void silent.close());

  await expect(
    openPostgres({
      source: `postgres://me@127.0.0.1:${port}/orders`,
      steps: [],
      logger: silentLogger,
      timeout: 100,
    }),
  ).rejects.toThrow(/^cannot use PostgreSQL at "127.0.0.1:\d+\/orders": .*timeout/);
});

test.for(["", "127.0.0.1", "data/file.db"])("refuses %j, which is no URL", async (source) => {
  await expect(openPostgres({ source, steps: [], logger: silentLogger })).rejects.toThrow(
    "postgres://user:password@",
  );
});
