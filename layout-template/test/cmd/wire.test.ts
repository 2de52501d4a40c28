import { readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { silentLogger } from "@kratos-ts/runtime/log";
import { GrpcClient } from "@kratos-ts/runtime/grpc";
import { HttpClient } from "@kratos-ts/runtime/http";
import { expect, onTestFinished, test } from "vitest";
import { createGreeterGrpcClient } from "../../api/helloworld/v1/greeter_grpc.ts";
import { createGreeterHttpClient } from "../../api/helloworld/v1/greeter_http.ts";
import { newApp } from "../../cmd/kratos-layout/wire.ts";
import { bootstrapSchema } from "../../internal/conf/conf_config.ts";
import { makeTemporaryFolder } from "../internal/data/temporary-folder.ts";
import { startService } from "./start-service.ts";

test("greets over HTTP", async () => {
  const { http } = await startService();

  const response = await fetch(`${http}/helloworld/kratos`);

  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.text()).toBe('{"message":"Hello kratos"}');
});

test("answers over HTTP and gRPC from the same data", async () => {
  const { http, grpc } = await startService();
  const overHttp = createGreeterHttpClient(newHttpClient(http));
  const overGrpc = createGreeterGrpcClient(newGrpcClient(grpc));

  expect((await overHttp.sayHello({ name: "kratos" })).message).toBe("Hello kratos");
  expect((await overGrpc.sayHello({ name: "kratos" })).message).toBe("Hello kratos");

  const greeter = await overHttp.getGreeter({ name: "kratos" });
  expect(greeter).toMatchObject({ name: "kratos", greetings: 2 });
  expect(await overGrpc.getGreeter({ name: "kratos" })).toEqual(greeter);
});

test("keeps its data when it starts again", async () => {
  const database = { driver: "sqlite", source: join(makeTemporaryFolder(), "test.db") };
  const first = await startService(database);
  await fetch(`${first.http}/helloworld/kratos`);
  await first.stop();

  const second = await startService(database);
  const response = await fetch(`${second.http}/greeters/kratos`);

  expect(await response.json()).toMatchObject({ name: "kratos", greetings: 1 });
});

test("keeps a database with a relative path in the project, wherever it is started from", async () => {
  const home = makeTemporaryFolder();
  const config = bootstrapSchema.parse({
    server: { http: { addr: "127.0.0.1:0" } },
    data: { database: { source: "data/here.db" } },
  });

  const { dispose } = await newApp({ ...identity, config, home });
  onTestFinished(dispose);

  expect(readdirSync(join(home, "data"))).toContain("here.db");
});

test("serves one transport when the other has no address", async () => {
  const config = bootstrapSchema.parse({
    server: { http: { addr: "127.0.0.1:0" } },
    data: { database: { source: join(makeTemporaryFolder(), "test.db") } },
  });

  const { servers, dispose } = await newApp({ ...identity, config });
  onTestFinished(dispose);

  expect(servers).toHaveLength(1);
});

test("closes what it opened when a later step fails", async () => {
  const folder = makeTemporaryFolder();
  const config = bootstrapSchema.parse({ data: { database: { source: join(folder, "test.db") } } });

  await expect(newApp({ ...identity, config })).rejects.toThrow("nothing to serve");

  expect(readdirSync(folder)).toEqual(["test.db"]); // no sign of an owner
});

test("names a port in use", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void other.close());
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const config = bootstrapSchema.parse({
    server: { http: { addr: `127.0.0.1:${port}` } },
    data: { database: { source: join(makeTemporaryFolder(), "test.db") } },
  });

  const { app, dispose } = await newApp({ ...identity, config });
  onTestFinished(dispose);

  await expect(app.run()).rejects.toThrow(`127.0.0.1:${port}`);
});

test("names a database that is none", async () => {
  const file = join(makeTemporaryFolder(), "notes.txt");
  writeFileSync(file, "these are notes, and no database\n".repeat(50));
  const config = bootstrapSchema.parse({
    server: { http: { addr: "127.0.0.1:0" } },
    data: { database: { source: file } },
  });

  await expect(newApp({ ...identity, config })).rejects.toThrow(`cannot open database "${file}"`);
});

test("refuses a database driver that it does not have", async () => {
  const config = bootstrapSchema.parse({ data: { database: { driver: "mysql" } } });

  await expect(newApp({ ...identity, config })).rejects.toThrow(
    'data.database.driver is "mysql", and can be "sqlite" or "postgres"',
  );
});

const identity = { name: "kratos-layout", version: "test", logger: silentLogger };

function newHttpClient(endpoint: string): HttpClient {
  const client = new HttpClient({ endpoint });
  onTestFinished(() => client.close());
  return client;
}

function newGrpcClient(endpoint: string): GrpcClient {
  const client = new GrpcClient({ endpoint });
  onTestFinished(() => client.close());
  return client;
}
