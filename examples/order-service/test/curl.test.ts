import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "./internal/data/temporary-folder.ts";
import { startProcess } from "./start-process.ts";

/** The commands that users know from the tutorial of this service, character by character. */
const known = `# Create order
curl -X POST http://localhost:8000/api/v1/orders \\
-H "Content-Type: application/json" \\
-d '{
"user_id": "user_123",
"items": [{"product_id": "prod_001", "product_name": "iPhone 15", "quantity": 1, "unit_price": 599900}],
"address": "Beijing Chaoyang District xxx",
"remark": "Please ship ASAP"
}'
# Get order details
curl http://localhost:8000/api/v1/orders/{order_id}
# List orders
curl "http://localhost:8000/api/v1/orders?user_id=user_123&page=1&page_size=10"
# Cancel order
curl -X PUT http://localhost:8000/api/v1/orders/{order_id}/cancel \\
-H "Content-Type: application/json" \\
-d '{"reason": "User cancelled"}'
`;

const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
const block = /^```sh\n(?<commands># Create order\n.*?)^```$/ms.exec(readme)?.groups?.["commands"];
const [create = "", get = "", list = "", cancel = ""] =
  block?.split(/^# .*\n/m).filter((command) => command !== "") ?? [];

test("the README shows the commands that users know", () => {
  expect(block).toBe(known);
});

test("the commands of the README work as they stand there", async () => {
  const folder = makeTemporaryFolder();
  const configFile = join(import.meta.dirname, "../configs/config.yaml");
  // The tests may not take the ports that the configuration names.
  const config = readFileSync(configFile, "utf8").replaceAll(/0\.0\.0\.0:\d+/g, "127.0.0.1:0");
  const service = await startProcess(folder, config);
  const run = (command: string, id = ""): Promise<unknown> =>
    runCurl(command.replace("localhost:8000", service.http).replace("{order_id}", id));

  const created = (await run(create)) as { orderId: string };
  expect(created).toEqual({
    orderId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  });
  const id = created.orderId;

  const order = {
    id,
    userId: "user_123",
    items: [{ productId: "prod_001", productName: "iPhone 15", quantity: 1, unitPrice: "599900" }],
    totalAmount: "599900",
    status: "pending",
    address: "Beijing Chaoyang District xxx",
    remark: "Please ship ASAP",
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  };
  expect(await run(get, id)).toEqual({ order });
  expect(await run(list)).toEqual({ orders: [order], total: 1 });

  expect(await run(cancel, id)).toEqual({ success: true });
  expect(await run(get, id)).toEqual({ order: { ...order, status: "cancelled" } });
  expect(await run(cancel, id)).toEqual({
    code: 409,
    reason: "ORDER_ALREADY_CANCELLED",
    message: "order already cancelled",
    metadata: { order_id: id },
  });

  const unknown = "00000000-0000-4000-8000-000000000000";
  expect(await run(get, unknown)).toEqual({
    code: 404,
    reason: "ORDER_NOT_FOUND",
    message: "order not found",
    metadata: { order_id: unknown },
  });

  expect(await service.end("SIGTERM")).toBe(0);
});

/** Runs the command in a shell, as users do. Fails when curl is not installed. */
async function runCurl(command: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)("sh", ["-c", `set -e\n${command}`]);
  return JSON.parse(stdout);
}
