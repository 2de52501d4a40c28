import { HttpServer } from "@kratos-ts/runtime/http";
import type { Logger } from "@kratos-ts/runtime/log";
import { logging, recovery } from "@kratos-ts/runtime/middleware";
import { openApi } from "@kratos-ts/runtime/openapi";
import type { Server } from "../conf/conf_config.ts";
import { registerHttpServices, type Services } from "./services.ts";

/** What {@link newHttpServer} needs. */
export interface HttpServerDeps {
  readonly config: Server["http"];
  readonly services: Services;
  /** The folder with the documents of the API, when they are to be served. */
  readonly apiDocs?: string | undefined;
  readonly logger: Logger;
}

/** The HTTP server with its middleware (outermost first) and all services. */
export function newHttpServer({ config, services, apiDocs, logger }: HttpServerDeps): HttpServer {
  const server = new HttpServer({
    ...config,
    logger,
    middleware: [recovery(), logging()],
  });
  registerHttpServices(server, services);
  if (apiDocs !== undefined) server.mount(openApi({ documents: apiDocs }));
  return server;
}
