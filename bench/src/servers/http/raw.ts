/** The mark: the least that `node:http` with `JSON.parse` and `JSON.stringify` can do. */
import type { ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { JsonCreateOrderRequest, JsonOrder } from "../../order.ts";
import { createJsonOrder, findJsonOrder } from "../../order.ts";
import { announce, portOf } from "../announce.ts";

const prefix = "/api/v1/orders/";

const server = createServer((request, response) => {
  const { method, url = "" } = request;
  if (method === "GET" && url.startsWith(prefix)) {
    reply(response, findJsonOrder(url.slice(prefix.length)));
  } else if (method === "POST" && url === "/api/v1/orders") {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      reply(response, createJsonOrder(JSON.parse(body) as JsonCreateOrderRequest));
    });
  } else {
    response.writeHead(404).end();
  }
});
server.listen(0, "127.0.0.1", () => announce(portOf(server)));

function reply(response: ServerResponse, order: JsonOrder): void {
  const text = JSON.stringify(order);
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}
