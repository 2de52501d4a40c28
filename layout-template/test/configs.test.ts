import { join } from "node:path";
import { fileSource, loadConfig } from "@kratos-ts/runtime/config";
import { expect, onTestFinished, test } from "vitest";
import { bootstrapSchema } from "../internal/conf/conf_config.ts";

test("the configuration that comes with the project can be read", async () => {
  const config = await loadConfig({
    sources: [fileSource(join(import.meta.dirname, "../configs"))],
    schema: bootstrapSchema,
    environment,
  });
  onTestFinished(() => config.close());

  const { http, grpc } = config.value.server;
  expect([http.addr, grpc.addr]).not.toEqual(["", ""]);
});

/** Has a value for every `${NAME}`, so that the test needs none of them. */
const environment = new Proxy<Record<string, string>>({}, { get: () => "1" });
