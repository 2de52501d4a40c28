import {
  App,
  type CallContext,
  GrpcClient,
  GrpcServer,
  HttpClient,
  takeUntil,
} from "@kratos-ts/runtime";
import { silentLogger } from "@kratos-ts/runtime/log";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { StopSignal } from "../../src/transport/stop-signal.ts";
import { Echo, Repeat } from "../grpc/echo-schema.ts";
import { type R, routeOf } from "../http/client/client-setup.ts";
import { each, serveRooms } from "../http/streams/rooms.ts";
import { appInfo, createTestServer, send } from "../http/serve.ts";

/** One thing, and then nothing for ever. */
async function* oneOf<T>(item: T): AsyncIterable<T> {
  yield item;
  await new Promise(() => undefined);
}

test("a service whose streams end when it begins to stop stops at once, and they end in order", async () => {
  const { server: http, client: rooms } = await serveRooms({
    listen: (room, { stopping }) => takeUntil(oneOf({ room: room.name, text: "a" }), stopping),
    async *talk(lines, { stopping }) {
      for await (const line of takeUntil(lines, stopping)) yield line;
    },
  });
  const grpc = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger });
  grpc.handle(Repeat, ({ text }, { stopping }) => takeUntil(oneOf({ text }), stopping));
  // Nothing would be cut off.
  const app = new App({
    name: "rooms",
    servers: [http, grpc],
    stopTimeout: 0,
    logger: silentLogger,
    signals: [],
  });
  const running = app.run();
  await expect.poll(() => grpc.port).toBeGreaterThan(0);
  const client = new GrpcClient({ endpoint: `127.0.0.1:${grpc.port}` });
  onTestFinished(() => client.close());
  const streams = [
    rooms.listen({ name: "hall" }),
    rooms.talk(oneOf({ room: "hall", text: "b" })),
    client.method(Repeat)({ text: "c" }),
  ].map((replies) => (replies as AsyncIterable<unknown>)[Symbol.asyncIterator]());
  const first = await Promise.all(streams.map((stream) => stream.next()));
  expect(first).toMatchObject([
    { value: { text: "a" } },
    { value: { text: "b" } },
    { value: { text: "c" } },
  ]);
  await app.stop();
  await running;
  const last = await Promise.all(streams.map((stream) => stream.next()));
  expect(last).toEqual(streams.map(() => ({ done: true, value: undefined })));
});

test("a stream that throws the reason tells its client to come back", async () => {
  const { server, client } = await serveRooms({
    async *listen({ name }, { stopping }) {
      yield { room: name };
      if (!stopping.aborted) await once(stopping, "abort");
      throw stopping.reason;
    },
  });
  const lines = client.listen({ name: "hall" })[Symbol.asyncIterator]();
  await lines.next();
  const stopped = server.stop(new AbortController().signal);
  await expect(lines.next()).rejects.toMatchObject({ code: 503, reason: "SERVER_STOPPED" });
  await stopped;
});

test("calls of one server have one signal, also those over another protocol", async () => {
  const seen: AbortSignal[] = [];
  const note = (_: unknown, { stopping }: CallContext) => {
    seen.push(stopping);
    return {} as never;
  };
  const server = createTestServer();
  server.handle(routeOf("GET /x"), note);
  server.rpc.handle(Echo, note);
  server.route("GET", "/own", (request, context) => (note(request, context), {}));
  await server.start(appInfo);
  await send(server.port!, "GET /x");
  await send(server.port!, "GET /own");
  const headers = { "Content-Type": "application/json" };
  expect((await send(server.port!, `POST ${Echo.operation}`, "{}", headers)).status).toBe(200);
  expect(seen).toHaveLength(3);
  expect(new Set(seen).size).toBe(1);
  expect(seen[0]!.aborted).toBe(false);
  await server.stop(new AbortController().signal);
  expect(seen[0]).toMatchObject({ aborted: true, reason: { code: 503, reason: "SERVER_STOPPED" } });
});

test.for(["http", "grpc"])("calls of a client over %s learn that it was closed", async (kind) => {
  let stopping: AbortSignal | undefined;
  const options = {
    endpoint: "127.0.0.1:1",
    middleware: [
      () => (_: unknown, context: CallContext) => {
        ({ stopping } = context);
        return {};
      },
    ],
  };
  const client = kind === "http" ? new HttpClient(options) : new GrpcClient(options);
  if (client instanceof HttpClient)
    await client.method<typeof R, typeof R>(routeOf("GET /x"))({} as never);
  else await client.method(Echo)({});
  expect(stopping?.aborted).toBe(false);
  client.close();
  expect(stopping).toMatchObject({ aborted: true, reason: { code: 499, reason: "CLIENT_CLOSED" } });
});

test("who asks only after the stop gets a signal that has aborted, with the first reason", () => {
  const stop = new StopSignal();
  stop.stop("first");
  stop.stop("second");
  expect(stop.signal).toMatchObject({ aborted: true, reason: "first" });
  expect(stop.signal).toBe(stop.signal);
});

test("many streams listen to one signal, and Node takes that for no leak", async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on("warning", note);
  onTestFinished(() => void process.off("warning", note));
  const stop = new StopSignal();
  const loops = Array.from({ length: 100 }, async () => {
    for await (const _ of takeUntil(each(1, 2, 3), stop.signal));
  });
  for (let i = 0; i < 100; i++) stop.signal.addEventListener("abort", () => undefined);
  await Promise.all(loops);
  await new Promise(setImmediate); // warnings come later
  expect(warnings).toEqual([]);
});
