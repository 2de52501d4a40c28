import { GrpcServer, HttpServer } from "@kratos-ts/runtime";
import { expect, onTestFinished, test } from "vitest";
import { reportUnmatched } from "../../src/middleware/report-unmatched.ts";
import { Chat, Echo } from "../grpc/echo-schema.ts";
import { type R, routeOf } from "../http/client/client-setup.ts";
import { appInfo } from "../http/serve.ts";
import { collectRecords } from "./test-call.ts";

const operations = [
  "/order.v1.OrderService/GetOrder",
  "/order.v1.OrderService/ListOrders",
  "/user.v1.UserService/GetUser",
  "GET /files/{path=**}",
];

test.for<[selector: string, nearest: string | undefined]>([
  ["/order.v1.OrderService/GetOrdr", "/order.v1.OrderService/GetOrder"],
  ["/order.v1.OrderService/getOrder", "/order.v1.OrderService/GetOrder"],
  ["order.v1.OrderService/ListOrders", "/order.v1.OrderService/ListOrders"],
  ["/OrderService/GetOrder", "/order.v1.OrderService/GetOrder"],
  ["GetUser", "/user.v1.UserService/GetUser"],
  ["/order.v1.OrdersService/*", "/order.v1.OrderService/*"],
  ["UserService/*", "/user.v1.UserService/*"],
  ["GET /file/{path=**}", "GET /files/{path=**}"],
  ["/stock.v1.StockService/Reserve", undefined],
  ["", undefined],
])("%j matches nothing; %j is nearest", ([selector, nearest]) => {
  const { logger, records } = collectRecords();
  reportUnmatched("[HTTP] use()", [selector], operations, logger);
  expect(records).toEqual([
    {
      level: "warn",
      time: expect.any(String),
      selector,
      ...(nearest !== undefined && { nearest }),
      msg: "[HTTP] use() has a selector that matches no operation",
    },
  ]);
});

test("nothing is said of selectors that match, and of a server that serves nothing", () => {
  const { logger, records } = collectRecords();
  const selectors = ["*", "/order.*", "/user.v1.UserService/GetUser", "GET *"];
  reportUnmatched("[HTTP] use()", selectors, operations, logger);
  reportUnmatched("[HTTP] use()", ["*", "/order.*"], [], logger);
  expect(records).toEqual([]);
});

test("servers tell of them when they start", async () => {
  const { logger, records } = collectRecords("warn");
  const options = { addr: "127.0.0.1:0", logger };
  const http = new HttpServer(options);
  http.handle<typeof R, typeof R>(routeOf("GET /x"), () => ({}));
  http.rpc.handle(Echo, () => ({}));
  http.use("/test.v1.Tset/*", (next) => next);
  http.use(Echo.operation, (next) => next);
  http.configure("/test.v1.Test/Cal", { timeout: 5 });
  http.configure("/test.v1.Test/Call", { timeout: 5 });
  const grpc = new GrpcServer(options);
  grpc.handle(Chat, async function* () {});
  grpc.use(`${Chat.operation}s`, (next) => next);
  for (const server of [http, grpc]) {
    onTestFinished(() => server.stop(AbortSignal.abort()));
    await server.start(appInfo); // oxlint-disable-line no-await-in-loop -- one after the other
  }
  const told = records.map(({ msg, selector, nearest }) => [
    String(msg).split(" has ")[0],
    selector,
    nearest,
  ]);
  expect(told).toEqual([
    ["[HTTP] use()", "/test.v1.Tset/*", "/test.v1.Test/*"],
    ["[HTTP] configure()", "/test.v1.Test/Cal", "/test.v1.Test/Call"],
    ["[gRPC] use()", `${Chat.operation}s`, Chat.operation],
  ]);
});
