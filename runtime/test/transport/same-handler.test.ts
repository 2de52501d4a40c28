import { type CallContext, fromError, KratosError } from "@kratos-ts/runtime";
import { HttpClient, HttpServer } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { expect, onTestFinished, test } from "vitest";
import { Echo, type EchoRequest } from "../grpc/echo-schema.ts";
import type { ReplyInit, RequestInit } from "../grpc/grpc-js-echo.ts";
import { connectGrpcJs } from "../grpc/grpc-js-peer.ts";
import { connectKratos, startServer } from "../grpc/kratos-peer.ts";
import { appInfo } from "../http/serve.ts";

const route = { ...Echo, bindings: [{ method: "POST", path: "/echo", body: "*" }] as const };
type Handle = (request: EchoRequest, context: CallContext) => ReplyInit;

/** The same call by every client there is. */
async function callAll(handler: Handle, request: RequestInit) {
  const { address } = await startServer((server) => server.handle(Echo, handler));
  const http = new HttpServer({ addr: "127.0.0.1:0", logger: silentLogger });
  http.handle(route, handler);
  await http.start(appInfo);
  onTestFinished(() => http.stop(AbortSignal.abort()));
  const client = new HttpClient({ endpoint: `127.0.0.1:${http.port}` });
  const calls = [
    client.method(route)(request),
    connectKratos(address).echo(request),
    connectGrpcJs(address).echo(request),
  ];
  return Promise.allSettled(calls);
}

test.for<[what: string, request: RequestInit]>([
  ["of nothing", {}],
  ["of Unicode", { text: "ünïcødé 日本 👍\u0000\n", count: -5 }],
  ["of bytes", { text: "b", payload: Uint8Array.from({ length: 256 }, (_, i) => i) }],
])("a reply %s is the same for every client", async ([, request]) => {
  const handler: Handle = ({ text, count, payload }) => ({ text, count, payload });
  const replies = await callAll(handler, request);
  expect(replies.map(({ status }) => status)).toEqual(Array(3).fill("fulfilled"));
  const plain = replies.map((reply) => reply.status === "fulfilled" && toPlain(reply.value));
  const want = { text: "", count: 0, ...request, payload: [...(request.payload ?? [])] };
  expect(plain).toEqual([want, want, want]);
});

// grpc-js gives Buffers, which are not equal to the same bytes.
function toPlain({
  text,
  count,
  payload,
}: Pick<EchoRequest, "text" | "count" | "payload">): object {
  return { text, count, payload: [...payload] };
}

test.for<[what: string, error: KratosError]>([
  ["plain", new KratosError(404, "ORDER_NOT_FOUND", 'no order "7"', { metadata: { id: "7" } })],
  ["empty", new KratosError(400, "", "")],
  [
    "of several lines",
    new KratosError(409, "A\r\nX: y", "m\r\n\r\nn\t\u0000%41 ", { metadata: { "k\n": "v\r\n" } }),
  ],
  [
    "of Unicode",
    new KratosError(403, "VERBOTEN", "ünïcødé 日本 👍", {
      metadata: { "schlüssel 日": "👍", "": "" },
    }),
  ],
  [
    "with a name of objects",
    new KratosError(429, "R", "m", { metadata: { ["__proto__"]: "x", constructor: "y" } }),
  ],
  ["from below", new KratosError(503, "DOWN", "m", { cause: new Error("secret") })],
  ["with a code of no status", new KratosError(500, "R", "m")],
])("an error, %s, is the same for every client", async ([, error]) => {
  const outcomes = await callAll(() => {
    throw error;
  }, {});
  const { code, reason, message, metadata } = error;
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") throw new Error("the call succeeded");
    const seen = fromError(outcome.reason);
    expect(seen).toMatchObject({ code, reason });
    // Over HTTP, an error without a word gets some from its status.
    expect(seen.message || "the service answered").toContain(message);
    expect(Object.entries(seen.metadata).sort()).toEqual(Object.entries(metadata).sort());
  }
});
