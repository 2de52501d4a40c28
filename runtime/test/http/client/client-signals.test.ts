import { KratosError } from "@kratos-ts/runtime";
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import type { Middleware } from "../../../src/middleware/middleware.ts";
import { createDeferred } from "../../grpc/deferred.ts";
import { createClient, outcomeOf, routeOf } from "./client-setup.ts";
import { RawServer, response } from "../raw-server.ts";

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

test("a signal of many calls is listened to once, and no more when they have ended", async () => {
  const waiting: (() => void)[] = [];
  const server = await RawServer.listen((socket) => {
    waiting.push(() => socket.write(response('{"n":7}')));
    if (waiting.length === 30) for (const answer of waiting) answer();
  });
  const client = createClient({ endpoint: server.address });
  const { signal } = new AbortController();
  const calls = Array.from({ length: 30 }, () => outcomeOf(client, "GET /x", { signal }));
  expect(listeners(signal)).toBe(1);
  expect(await Promise.all(calls)).toMatchObject(calls.map(() => ({ n: 7 })));
  expect(listeners(signal)).toBe(0);
});

test("a signal ends all calls that it is for, and no other", async () => {
  const controller = new AbortController();
  const waiting: (() => void)[] = [];
  const server = await RawServer.listen((socket) => {
    waiting.push(() => socket.write(response('{"n":7}')));
    if (waiting.length === 4) controller.abort();
  });
  const client = createClient({ endpoint: server.address });
  const { signal } = controller;
  const other = outcomeOf(client, "GET /x");
  const calls = [1, 2, 3].map(() => outcomeOf(client, "GET /x", { signal }));
  const errors = await Promise.all(calls);
  expect(errors.map((error) => error instanceof KratosError && error.code)).toEqual([
    499, 499, 499,
  ]);
  for (const answer of waiting) answer();
  expect(await other).toMatchObject({ n: 7 });
  expect(listeners(signal)).toBe(0);
});

test("a call that cannot begin leaves nothing behind at its signal", async () => {
  const client = createClient({ endpoint: "127.0.0.1:1" });
  const { signal } = new AbortController();
  const call = outcomeOf(client, "GET /x", { signal, headers: { "no name": "a" } });
  expect(await call).toMatchObject({ code: 400, reason: "CODEC" });
  expect(listeners(signal)).toBe(0);
});

test.for<[kind: string, rule: string, stream: boolean, head: string]>([
  ["call", "POST /x body=*", false, ""],
  ["stream", "GET /x", true, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"],
])("a %s ends that middleware has begun when it fails itself", async ([, rule, stream, head]) => {
  const closed = createDeferred();
  const asked = createDeferred();
  const server = await RawServer.listen((socket) => {
    socket.on("close", () => closed.resolve());
    if (head !== "") socket.write(head);
    asked.resolve();
  });
  const giveUp: Middleware = (next) => async (request, context) => {
    const reply = next(request, context);
    if (stream) await reply;
    else Promise.resolve(reply).catch(() => undefined);
    await asked.promise;
    throw new KratosError(503, "GIVEN_UP", "no patience");
  };
  const client = createClient({ endpoint: server.address, timeout: 0, middleware: [giveUp] });
  const begin = async (): Promise<void> => {
    if (!stream) return void (await client.method(routeOf(rule))({}));
    for await (const _ of client.method({ ...routeOf(rule), kind: "serverStreaming" })({}));
  };
  await expect(begin()).rejects.toMatchObject({ reason: "GIVEN_UP" });
  await expect(closed.promise).resolves.toBeUndefined();
});
