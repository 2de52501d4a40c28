import { Code } from "@connectrpc/connect";
import { KratosError } from "@kratos-ts/runtime/codegenv1";
import { cors, HttpServer } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { registerOrderServiceGrpcServer } from "../../examples/order-service/api/order/v1/order_grpc.ts";
import { image, registerParrot, Say } from "../../runtime/test/connect/parrot.ts";
import { bundlePage } from "./bundle-page.ts";
import { openPage } from "./chromium.ts";
import type { RpcReport } from "./rpc-page.ts";

/** The order service, and one that streams, for pages of `origin`. */
async function startService(origin: string): Promise<string> {
  const orders = new Map<string, { id: string; address: string }>();
  const server = new HttpServer({
    addr: "127.0.0.1:0",
    logger: silentLogger,
    filters: [cors({ origins: [origin], rpc: true, exposedHeaders: ["x-md-global-a-seen"] })],
    middleware: [
      (next) => (request, context) =>
        context.operation === Say.operation ? new Promise(() => undefined) : next(request, context),
    ],
  });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  registerOrderServiceGrpcServer(server.rpc, {
    createOrder({ address }) {
      const orderId = `order ${orders.size}`;
      orders.set(orderId, { id: orderId, address });
      return { orderId };
    },
    getOrder({ orderId }) {
      const order = orders.get(orderId);
      if (order !== undefined) return { order };
      throw new KratosError(404, "ORDER_NOT_FOUND", `no order "${orderId}"`);
    },
    listOrders: () => ({}),
    cancelOrder: () => ({}),
  });
  registerParrot(server.rpc);
  await server.start({ id: "1", name: "orders", version: "1", metadata: {}, endpoints: [] });
  return `http://127.0.0.1:${server.port}`;
}

/** Opens the page, and resolves with what it reports. */
async function report(): Promise<RpcReport> {
  const script = await bundlePage("rpc-page.ts");
  let finish = (_report: RpcReport): void => undefined;
  const finished = new Promise<RpcReport>((resolve) => {
    finish = resolve;
  });
  const front = createServer((request, response) => {
    const path = (request.url ?? "").split("?", 1)[0];
    if (path === "/") {
      response.setHeader("Content-Type", "text/html; charset=utf-8");
      response.end('<!doctype html><script type="module" src="/page.js"></script>');
    } else if (path === "/page.js") {
      response.setHeader("Content-Type", "text/javascript").end(script);
    } else if (path === "/parrot") {
      response.end(image);
    } else if (path === "/report") {
      let text = "";
      request.setEncoding("utf8").on("data", (part: string) => (text += part));
      request.on("end", () => {
        response.end();
        finish(JSON.parse(text) as RpcReport);
      });
    } else response.writeHead(404).end();
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  onTestFinished(() => {
    front.closeAllConnections();
    front.close();
  });
  const origin = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  const query = new URLSearchParams({ service: await startService(origin) });
  onTestFinished(await openPage(`${origin}/?${query.toString()}`));
  return finished;
}

test("a page of another origin calls services by name", { timeout: 60_000 }, async () => {
  const details = ["google.rpc.ErrorInfo"];
  const expected = {
    sameId: true,
    address: "ü 日",
    looked: "?",
    seen: "1",
    counts: ["1", "2", "3"],
    streamError: { code: Code.NotFound, details },
    aborted: { code: Code.Canceled, details: [] },
    missing: { code: Code.NotFound, details },
    late: { code: Code.DeadlineExceeded, details: [] },
  };
  expect(await report()).toEqual({
    Connect: expected,
    "Connect in binary, with GET": expected,
    "gRPC-Web": expected,
    "gRPC-Web in JSON": expected,
  });
});
