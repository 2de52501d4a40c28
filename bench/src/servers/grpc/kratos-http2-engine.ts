/** This project's server on its own HTTP/2 engine. */
import { http2Engine } from "@kratos-ts/runtime/http2";
import { serveOrders } from "./serve-orders.ts";

await serveOrders({ engine: http2Engine() });
