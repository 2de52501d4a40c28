import { join } from "node:path";
import { App, CleanupStack, type Server } from "@kratos-ts/runtime";
import type { Logger } from "@kratos-ts/runtime/log";
import { OrderUsecase } from "../../internal/biz/order-usecase.ts";
import type { Bootstrap } from "../../internal/conf/conf_config.ts";
import { findUnusedSections } from "../../internal/conf/find-unused-sections.ts";
import { newConfiguredStock } from "../../internal/data/configured-stock.ts";
import { newConfiguredUsers } from "../../internal/data/configured-users.ts";
import { newData } from "../../internal/data/data.ts";
import { newOrderRepo } from "../../internal/data/order-repo.ts";
import { newGrpcServer } from "../../internal/server/grpc.ts";
import { newHttpServer } from "../../internal/server/http.ts";
import type { Services } from "../../internal/server/services.ts";
import { OrderService } from "../../internal/service/order.ts";

/** What {@link newApp} is made from. */
export interface AppDeps {
  readonly name: string;
  readonly version: string;
  readonly config: Bootstrap;
  /** What relative paths of the configuration start from. Default: the working directory. */
  readonly home?: string;
  readonly logger: Logger;
}

/** The service, wired and not yet running. */
export interface WiredApp {
  readonly app: App;
  /** What {@link app} will serve on, in the order of the configuration. */
  readonly servers: readonly Server[];
  /** Closes what was opened, last things first. Call it once `app.run()` has settled. */
  dispose(): Promise<void>;
}

/**
 * Builds the service from its parts: the one place that knows them all. When a step fails, what the
 * steps before it opened is closed again.
 */
export async function newApp({
  name,
  version,
  config,
  home = ".",
  logger,
}: AppDeps): Promise<WiredApp> {
  for (const section of findUnusedSections(config)) {
    logger.warn({ section }, "this section of the configuration is not used yet");
  }
  const cleanup = new CleanupStack();
  try {
    const data = await newData({ config: config.data, home, logger });
    cleanup.add(() => data.dispose());

    const orders = new OrderUsecase({
      repo: newOrderRepo(data.database),
      users: newConfiguredUsers(config.rules.blockedUsers),
      stock: newConfiguredStock(config.rules.stock),
      logger,
    });

    const services: Services = {
      order: new OrderService({ orders }),
    };

    const { http, grpc } = config.server;
    const apiDocs = config.server.apiDocs ? join(home, "api") : undefined;
    const servers: Server[] = [];
    if (http.addr !== "") servers.push(newHttpServer({ config: http, services, apiDocs, logger }));
    if (grpc.addr !== "") servers.push(newGrpcServer({ config: grpc, services, logger }));
    if (servers.length === 0) {
      throw new Error("neither server.http.addr nor server.grpc.addr is set: nothing to serve");
    }
    return {
      app: new App({ name, version, servers, logger }),
      servers,
      dispose: () => cleanup.run(),
    };
  } catch (error) {
    await cleanup
      .run()
      .catch((err: unknown) => logger.error({ err }, "could not close everything"));
    throw error;
  }
}
