import { HttpServer } from "@kratos-ts/runtime/http";
import type { Logger } from "@kratos-ts/runtime/log";
import { logging, recovery } from "@kratos-ts/runtime/middleware";
import type { Server } from "../conf/conf_config.ts";
import { registerHttpServices, type Services } from "./services.ts";

/** What {@link newHttpServer} needs. */
export interface HttpServerDeps {
  readonly config: Server["http"];
  readonly services: Services;
  readonly logger: Logger;
}

/** The HTTP server with its middleware (outermost first) and all services. */
export function newHttpServer({ config, services, logger }: HttpServerDeps): HttpServer {
  const server = new HttpServer({
    ...config,
    logger,
    middleware: [recovery(), logging()],
  });
  registerHttpServices(server, services);
  return server;
}
