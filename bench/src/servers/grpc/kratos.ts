/** This project's server on `node:http2`, which is the default. */
import { serveOrders } from "./serve-orders.ts";

await serveOrders();
