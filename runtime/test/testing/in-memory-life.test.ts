import { GrpcServer } from "@kratos-ts/runtime/grpc";
import { HttpServer } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { type InMemoryService, startInMemory } from "@kratos-ts/runtime/testing";
import { once } from "node:events";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { connectServer } from "../../src/transport/connection-source.ts";
import { createDeferred } from "../grpc/deferred.ts";
import { appInfo } from "../http/serve.ts";
import { createAuthority } from "../transport/certificates.ts";
import { startRooms } from "./start-rooms.ts";

const transports = ["http", "grpc"] as const;
const logger = silentLogger;

describe.for(transports)("over %s", (transport) => {
  test("calls that run when the servers stop are answered", async () => {
    const called = createDeferred();
    const answer = createDeferred();
    const rooms = await startRooms({
      async open(room, { stopping }) {
        called.resolve();
        await Promise.all([answer.promise, once(stopping, "abort")]);
        return room;
      },
    });

    const call = rooms[transport].open({ name: "last" });
    await called.promise;
    const closing = rooms.service.close();
    answer.resolve();

    expect((await call).name).toBe("last");
    await closing;
  });

  test("streams that do not end are cut off when the time for stopping is up", async () => {
    const ended = createDeferred();
    const rooms = await startRooms(
      {
        async *listen(_, { signal }) {
          yield { text: "a" };
          if (!signal.aborted) await once(signal, "abort");
          ended.resolve();
        },
      },
      {},
      20,
    );
    const lines = rooms[transport].listen({ name: "hall" })[Symbol.asyncIterator]();
    await lines.next();

    const rest = lines.next();
    rest.catch(() => undefined);
    await rooms.service.close();

    await ended.promise;
    await expect(rest).rejects.toMatchObject({ code: expect.any(Number) as number });
  });

  test("nobody is served once they have stopped", async () => {
    const rooms = await startRooms({ open: (room) => room });
    await rooms[transport].open({});
    await rooms.service.close();

    await expect(rooms[transport].open({})).rejects.toMatchObject({ reason: "CLIENT_CLOSED" });
  });

  test("a deadline comes when the clock of the test says so", async () => {
    const called = createDeferred();
    const rooms = await startRooms(
      {
        async open(_, { signal }) {
          called.resolve();
          await once(signal, "abort");
          throw signal.reason;
        },
      },
      { timeout: 60_000 },
    );
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());

    const call = rooms[transport].open({}, { timeout: 0 });
    const outcome = call.catch((error: unknown) => error);
    await called.promise;
    await vi.advanceTimersByTimeAsync(60_000);

    expect(await outcome).toMatchObject({ code: 504, reason: "DEADLINE_EXCEEDED" });
  });

  test("clients give up when the clock of the test says so", async () => {
    const called = createDeferred();
    const rooms = await startRooms(
      {
        async open(_, { signal }) {
          called.resolve();
          await once(signal, "abort");
          throw signal.reason;
        },
      },
      { timeout: 0 },
    );
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());

    const call = rooms[transport].open({}, { timeout: 30_000 });
    const outcome = call.catch((error: unknown) => error);
    await called.promise;
    await vi.advanceTimersByTimeAsync(30_000);

    expect(await outcome).toMatchObject({ code: 504, reason: "DEADLINE_EXCEEDED" });
  });
});

test('closing can be asked for more than once, and by "await using"', async () => {
  const { service } = await startRooms({});
  const ends = [service.close(), service.close(), service[Symbol.asyncDispose]()];

  await expect(Promise.all(ends)).resolves.toHaveLength(3);
});

test("handlers that mind nothing make closing fail", async () => {
  const forever = createDeferred();
  const called = createDeferred();
  const grpc = new GrpcServer({ logger });
  const service = await startInMemory({ grpc, stopTimeout: 10 });
  const server = { stop: grpc.stop.bind(grpc) };
  vi.spyOn(grpc, "stop").mockImplementation(async (signal) => {
    called.resolve();
    await Promise.all([server.stop(signal), forever.promise]);
  });

  const closing = service.close();
  closing.catch(() => undefined);
  await called.promise;

  await expect(closing).rejects.toThrow("stopping servers did not end in time");
});

test.for([
  ["http", "a client", (service) => service.httpClient()],
  ["http", "a request", (service) => service.fetch("/")],
  ["grpc", "a client", (service) => service.grpcClient()],
] as const satisfies [string, string, (service: InMemoryService) => unknown][])(
  "a service without %s has no server for %s",
  async ([transport, , call]) => {
    const { http, grpc } = { http: new HttpServer({ logger }), grpc: new GrpcServer({ logger }) };
    const service = await startInMemory(transport === "http" ? { grpc } : { http });
    onTestFinished(() => service.close());

    await expect(async () => call(service)).rejects.toThrow(
      `startInMemory() was given no "${transport}" server`,
    );
  },
);

const servers = { http: HttpServer, grpc: GrpcServer };

test.for(transports)("an %s server that listens is refused", async (transport) => {
  const server = new servers[transport]({ addr: "127.0.0.1:0", logger });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  await server.start(appInfo);

  await expect(startInMemory({ [transport]: server })).rejects.toThrow(
    "a server that listens or has stopped cannot run in memory",
  );
});

test.for(transports)("an %s server that has stopped is refused", async (transport) => {
  const server = new servers[transport]({ logger });
  const first = await startInMemory({ [transport]: server });
  await first.close();

  await expect(startInMemory({ [transport]: server })).rejects.toThrow("has stopped");
});

test.for(transports)("an %s server with TLS is refused", async (transport) => {
  const server = new servers[transport]({ logger, tls: createAuthority().issue("server") });

  await expect(startInMemory({ [transport]: server })).rejects.toThrow(
    'a server with the option "tls" cannot run in memory',
  );
});

test("what is no server of ours is refused", async () => {
  const http = { start: () => Promise.resolve() } as unknown as HttpServer;

  await expect(startInMemory({ http })).rejects.toThrow(TypeError);
});

test("a start that fails is told", async () => {
  const http = new HttpServer({ logger });
  vi.spyOn(http, "start").mockRejectedValue(new Error("no database"));

  await expect(startInMemory({ http })).rejects.toThrow("no database");
});

test("servers in memory have no port", async () => {
  const { http, grpc } = { http: new HttpServer({ logger }), grpc: new GrpcServer({ logger }) };
  const service = await startInMemory({ http, grpc });
  onTestFinished(() => service.close());

  expect([http.port, grpc.port]).toEqual([undefined, undefined]);
  expect((await http.endpoint()).href).toBe("http://in-memory/");
});

test("an HTTP server that was stopped takes no connections when it is started after that", async () => {
  const server = new HttpServer({ logger });
  const open = vi.fn<() => void>();
  connectServer(server, { open, close: () => Promise.resolve() });
  await server.stop(AbortSignal.abort());
  await expect(server.start(appInfo)).rejects.toThrow("was stopped before it started");
  expect(open).not.toHaveBeenCalled();
});
