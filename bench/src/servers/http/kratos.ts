/** This project's server as a service has it: generated routes behind recovery and logging at warn. */
import { HttpServer } from "@kratos-ts/runtime/http";
import { createLogger } from "@kratos-ts/runtime/log";
import { logging, recovery } from "@kratos-ts/runtime/middleware";
import { registerOrderServiceHttpServer } from "../../../proto/order/v1/order_http.ts";
import { createOrder, getOrder } from "../../order-service.ts";
import { announce } from "../announce.ts";

const logger = createLogger({ level: "warn" });
const server = new HttpServer({
  addr: "127.0.0.1:0",
  logger,
  middleware: [recovery({ logger }), logging(logger)],
});
registerOrderServiceHttpServer(server, { createOrder, getOrder });
await server.start({ id: "1", name: "bench", version: "1", metadata: {}, endpoints: [] });
announce(Number((await server.endpoint()).port));
