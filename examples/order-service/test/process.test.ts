import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HttpClient } from "@kratos-ts/runtime/http";
import { createOrderServiceHttpClient } from "../api/order/v1/order_http.ts";
import { makeTemporaryFolder } from "./internal/data/temporary-folder.ts";
import { startProcess } from "./start-process.ts";

const config = `
server:
  http:
    addr: 127.0.0.1:0
  grpc:
    addr: 127.0.0.1:0
`;

const purchase = {
  userId: "user_123",
  items: [{ productId: "prod_001", productName: "iPhone 15", quantity: 1, unitPrice: 599_900n }],
};

test("keeps every order that it has confirmed, also when it is killed while it writes", async () => {
  const folder = makeTemporaryFolder();
  const confirmed: string[] = [];

  for (let round = 1; round <= 2; round++) {
    const service = await startProcess(folder, config);
    const client = new HttpClient({ endpoint: `http://${service.http}` });
    const orders = createOrderServiceHttpClient(client);
    const wanted = confirmed.length + 20 * round;
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (;;) {
          try {
            confirmed.push((await orders.createOrder(purchase)).orderId);
          } catch {
            return; // the connection broke
          }
          if (confirmed.length === wanted) void service.end("SIGKILL");
        }
      }),
    );
    await client.close();
  }

  const service = await startProcess(folder, config);
  const client = new HttpClient({ endpoint: `http://${service.http}` });
  const orders = createOrderServiceHttpClient(client);
  for (const orderId of confirmed) {
    expect((await orders.getOrder({ orderId })).order).toMatchObject({ id: orderId });
  }
  await client.close();
  expect(await service.end("SIGTERM")).toBe(0);
  expect(readdirSync(join(folder, "data"))).toEqual(["order-service.db"]);
});

test("starts with a configuration written for MongoDB, Consul and Jaeger, and tells what it does not use", async () => {
  const service = await startProcess(
    makeTemporaryFolder(),
    `server:
  http:
    addr: 127.0.0.1:0
    timeout: 5000ms
  grpc:
    addr: 127.0.0.1:0
    timeout: 5000ms
mongo:
  uri: mongodb://localhost:27017
  database: order_db
registry:
  consul:
    address: 127.0.0.1:8500
    path: /kratos/order-service
tracing:
  endpoint: http://localhost:14268/api/traces
  sample_ratio: 1.0
`,
  );

  const warnings = service.records.filter((record) => record["level"] === "warn");

  expect(warnings.map((record) => record["section"])).toEqual(["mongo", "registry", "tracing"]);
});

test.for([
  [
    "a key that is misspelt",
    config.replace("addr", "adrr"),
    /config\.yaml:4:5: server\.http\.adrr/,
  ],
  [
    "a wrong duration",
    config.replace("http:", "http:\n    timeout: soon"),
    /config\.yaml:4:\d+: server\.http\.timeout/,
  ],
  [
    "a database that is none",
    `${config}data: { database: { source: config.yaml } }`,
    /cannot open database ".*config\.yaml": file is not a database/,
  ],
  ["nothing to serve", "server: {}", /nothing to serve/],
] as const)("ends with a message that names %s", async ([, wrong, message]) => {
  const failure = await startProcess(makeTemporaryFolder(), wrong).catch((error: unknown) => error);

  expect(failure).toMatchObject({ message: expect.stringMatching(message) });
  expect(failure).toMatchObject({
    message: expect.stringContaining("ended with 1: order-service: "),
  });
});
