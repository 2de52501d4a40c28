import { notFound } from "@kratos-ts/runtime";
import { cors, HttpServer, redirect } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { createServer, request as sendRequest } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { registerOrderServiceHttpServer } from "../../examples/order-service/api/order/v1/order_http.ts";
import { startService } from "../../examples/order-service/test/start-service.ts";
import { bundlePage } from "./bundle-page.ts";
import { openPage } from "./chromium.ts";
import type { PageReport } from "./page.ts";
import { ChatRoute, WatchOrderRoute } from "./routes.ts";

/** A service of another origin, which lets pages of `origin` call it. */
async function startOther(origin: string): Promise<string> {
  const filters = [cors({ origins: [origin], exposedHeaders: ["x-seen"] })];
  const server = new HttpServer({
    addr: "127.0.0.1:0",
    logger: silentLogger,
    filters,
    allowedOrigins: [origin],
  });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  registerOrderServiceHttpServer(server, {
    getOrder({ orderId }, context) {
      context.replyHeader.set("x-seen", context.requestHeader.get("x-a") ?? "");
      return { order: { id: orderId } };
    },
    createOrder: () => {
      throw redirect("/x", 307);
    },
    listOrders: () => ({}),
    cancelOrder: () => ({}),
  });
  server.handle(WatchOrderRoute, async function* ({ orderId }) {
    for (let id = 1; id <= Number(orderId); id++) yield { order: { id: String(id) } };
    throw notFound("ORDER_NOT_FOUND", "there are no more");
  });
  server.handle(ChatRoute, async function* (requests) {
    for await (const { orderId } of requests) yield { orderId: orderId.toUpperCase() };
  });
  await server.start({ id: "1", name: "other", version: "1", metadata: {}, endpoints: [] });
  return `http://127.0.0.1:${server.port}`;
}

/** Serves the page, and the service behind it under the same origin. Resolves with what the page reports. */
async function report(): Promise<PageReport> {
  const [script, service] = [await bundlePage("page.ts"), await startService()];
  let finish = (_report: PageReport): void => undefined;
  const finished = new Promise<PageReport>((resolve) => {
    finish = resolve;
  });
  const front = createServer((request, response) => {
    const path = (request.url ?? "").split("?", 1)[0];
    if (path === "/") {
      response.setHeader("Content-Type", "text/html; charset=utf-8");
      response.end('<!doctype html><script type="module" src="/page.js"></script>');
    } else if (path === "/page.js") {
      response.setHeader("Content-Type", "text/javascript").end(script);
    } else if (path === "/report") {
      let text = "";
      request.setEncoding("utf8").on("data", (part: string) => (text += part));
      request.on("end", () => {
        response.end();
        finish(JSON.parse(text) as PageReport);
      });
    } else if (path !== "/api/v1/orders/slow") {
      const { method = "GET", headers } = request;
      const forwarded = sendRequest(service.http + request.url, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(forwarded);
    }
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  onTestFinished(() => {
    front.closeAllConnections();
    front.close();
  });
  const origin = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  const nobody = createServer().listen(0, "127.0.0.1");
  await once(nobody, "listening");
  const { port } = nobody.address() as AddressInfo;
  await once(nobody.close(), "close");
  const query = new URLSearchParams({
    other: await startOther(origin),
    nobody: `http://127.0.0.1:${port}`,
  });
  const close = await openPage(`${origin}/?${query.toString()}`);
  onTestFinished(close);
  return finished;
}

test("a page calls services by their generated clients", { timeout: 60_000 }, async () => {
  expect(await report()).toEqual({
    "calls the service that it comes from": {
      sameId: true,
      address: "ü 日",
      totalAmount: "18014398509481986",
      total: 1,
    },
    "gets errors by their reason": { code: 404, reason: "ORDER_NOT_FOUND", known: true },
    "has errors of its own": { code: 400, reason: "CODEC", known: true },
    "ends calls that take too long": { code: 504, reason: "DEADLINE_EXCEEDED", known: true },
    "aborts calls": { code: 499, reason: "CLIENT_CLOSED", known: true },
    "knows when nobody is there": { code: 503, reason: "UNREACHABLE", known: true },
    "calls a service of another origin that lets it": { id: "7", header: ["1"] },
    "does not follow a redirect of what may change something": {
      code: 307,
      reason: "REDIRECT",
      known: true,
    },
    "gets a stream of replies": {
      ids: ["1", "2", "3"],
      error: { code: 404, reason: "ORDER_NOT_FOUND", known: true },
    },
    "talks over a WebSocket": ["A", "B", "C"],
  });
});
