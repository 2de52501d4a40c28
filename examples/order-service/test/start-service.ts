import { join } from "node:path";
import { silentLogger } from "@kratos-ts/runtime/log";
import { onTestFinished } from "vitest";
import { newApp } from "../cmd/order-service/wire.ts";
import { bootstrapSchema } from "../internal/conf/conf_config.ts";
import { makeTemporaryFolder } from "./internal/data/temporary-folder.ts";

/** A service that runs in this process, on free ports. */
export interface StartedService {
  /** Such as `http://127.0.0.1:43210`. */
  readonly http: string;
  /** Such as `127.0.0.1:43211`. */
  readonly grpc: string;
}

/** Starts the whole service on an empty database until the test has ended; `apiDocs`: with a page of its API. */
export async function startService({ apiDocs = false } = {}): Promise<StartedService> {
  const config = bootstrapSchema.parse({
    server: { http: { addr: "127.0.0.1:0" }, grpc: { addr: "127.0.0.1:0" }, api_docs: apiDocs },
    data: { database: { driver: "sqlite", source: join(makeTemporaryFolder(), "test.db") } },
    rules: { blocked_users: ["user_666"], stock: { prod_rare: 2 } },
  });
  const { app, servers, dispose } = await newApp({
    name: "order-service",
    version: "test",
    config,
    home: join(import.meta.dirname, ".."),
    logger: silentLogger,
  });
  const running = app.run().finally(dispose);
  onTestFinished(async () => {
    await app.stop();
    await running;
  });
  const urls = await Promise.all(servers.map((server) => server.endpoint?.()));
  const [http, grpc] = urls.map((url) => url?.host);
  if (http === undefined || grpc === undefined) throw new Error("a server has no endpoint");
  return { http: `http://${http}`, grpc };
}
