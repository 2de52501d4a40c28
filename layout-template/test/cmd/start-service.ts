import { join } from "node:path";
import { silentLogger } from "@kratos-ts/runtime/log";
import { onTestFinished } from "vitest";
import { newApp } from "../../cmd/kratos-layout/wire.ts";
import { bootstrapSchema } from "../../internal/conf/conf_config.ts";
import { makeTemporaryFolder } from "../internal/data/temporary-folder.ts";

/** A service that runs in this process, on free ports. */
export interface StartedService {
  /** Such as `http://127.0.0.1:43210`. */
  readonly http: string;
  /** Such as `127.0.0.1:43211`. */
  readonly grpc: string;
  /** Ends it and resolves when it has ended. */
  stop(): Promise<void>;
}

/** Starts the whole service on an empty database, or on the one given, until the test has ended. */
export async function startService(
  database: { readonly driver: string; readonly source: string } = {
    driver: "sqlite",
    source: join(makeTemporaryFolder(), "test.db"),
  },
): Promise<StartedService> {
  const config = bootstrapSchema.parse({
    server: { http: { addr: "127.0.0.1:0" }, grpc: { addr: "127.0.0.1:0" } },
    data: { database },
  });
  const { app, servers, dispose } = await newApp({
    name: "kratos-layout",
    version: "test",
    config,
    logger: silentLogger,
  });
  const running = app.run().finally(dispose);
  const urls = await Promise.all(servers.map((server) => server.endpoint?.()));
  const [http, grpc] = urls.map((url) => url?.host);
  if (http === undefined || grpc === undefined) throw new Error("a server has no endpoint");

  async function stop(): Promise<void> {
    await app.stop();
    await running;
  }
  onTestFinished(stop);
  return { http: `http://${http}`, grpc, stop };
}
