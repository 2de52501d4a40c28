import { join } from "node:path";
import { fileSource, loadConfig } from "@kratos-ts/runtime/config";
import { expect, test } from "vitest";
import { bootstrapSchema } from "../internal/conf/conf_config.ts";

test("the configuration that comes with the project is right", async () => {
  const config = await loadConfig({
    sources: [fileSource(join(import.meta.dirname, "../configs"))],
    schema: bootstrapSchema,
  });

  expect(config.value).toMatchObject({
    server: {
      http: { addr: "0.0.0.0:8000", timeout: 1000 },
      grpc: { addr: "0.0.0.0:9000", timeout: 1000 },
    },
    data: { database: { driver: "sqlite", source: "data/kratos-layout.db" } },
  });
  await config.close();
});
