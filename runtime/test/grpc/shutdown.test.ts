import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { isKratosError } from "@kratos-ts/runtime";
import { GrpcServer } from "@kratos-ts/runtime/grpc";
import { silentLogger } from "@kratos-ts/runtime/log";
import { expect, onTestFinished, test } from "vitest";
import { createDeferred } from "./deferred.ts";
import { Echo, Repeat } from "./echo-schema.ts";
import { echoDefinition } from "./grpc-js-echo.ts";
import { rawCall, requestFrame } from "./raw-call.ts";
import { app, connectKratos, createClient, startServer } from "./kratos-peer.ts";

const patient = (): AbortSignal => new AbortController().signal;

async function workBriefly(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

test("lets calls finish that run, then takes no more", async () => {
  const running = createDeferred();
  const release = createDeferred();
  const { server, address } = await startServer((router) => {
    router.handle(Echo, async ({ text }) => {
      running.resolve();
      await release.promise;
      return { text };
    });
  });
  const client = connectKratos(address);
  const reply = client.echo({ text: "last" });
  await running.promise;
  let stopped = false;
  const stopping = server.stop(patient()).then(() => {
    stopped = true;
  });
  // Calls that come before the listener has closed are still taken.
  await expect
    .poll(() =>
      client.echo({}, { timeout: 50 }).catch((error) => isKratosError(error) && error.code),
    )
    .toBe(503);
  expect(stopped).toBe(false);
  release.resolve();
  expect(await reply).toMatchObject({ text: "last" });
  await stopping;
});

test("cuts off what still runs when its signal aborts", async () => {
  const running = createDeferred();
  let reason: unknown;
  const { server, address } = await startServer((router) => {
    router.handle(Repeat, async function* (_, { signal }) {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
      });
      running.resolve();
      yield {};
      await new Promise(() => undefined);
    });
  });
  const replies = connectKratos(address).repeat({})[Symbol.asyncIterator]();
  await replies.next();
  await running.promise;
  const controller = new AbortController();
  const stopping = server.stop(controller.signal);
  const end = replies.next().catch((error: unknown) => error);
  controller.abort();
  await stopping;
  expect(await end).toMatchObject({ code: 503 });
  await expect.poll(() => reason).toMatchObject({ code: 503, reason: "SERVER_STOPPED" });
});

test.for(["Echo", "Repeat"])(
  "tells %s that it cuts off so, before its connection ends",
  async (method) => {
    const running = createDeferred();
    const { server, address } = await startServer(
      (router) => {
        router.handle(Echo, async () => {
          running.resolve();
          return new Promise(() => undefined);
        });
        router.handle(Repeat, async function* () {
          yield {};
          running.resolve();
          await new Promise(() => undefined);
        });
      },
      { timeout: 0 },
    );
    const reply = rawCall(address, {
      path: `/test.echo.v1.EchoService/${method}`,
      chunks: [requestFrame({})],
    });
    await running.promise;
    await server.stop(AbortSignal.abort());
    expect(await reply).toMatchObject({
      status: "14",
      message: "the server was told to stop at once",
      rstCode: 0,
    });
  },
);

test("may be asked for twice, and before the start", async () => {
  const { server } = await startServer(() => undefined);
  await Promise.all([server.stop(patient()), server.stop(patient())]);
  await server.stop(patient());
  const unstarted = new GrpcServer({ logger: silentLogger });
  await expect(unstarted.stop(patient())).resolves.toBeUndefined();
});

test("is for good", async () => {
  const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger });
  await server.stop(patient());
  await expect(server.start(app)).rejects.toThrow("the server was stopped before it started");
  expect(server.port).toBeUndefined();
});

test("while the server starts keeps it from serving", async () => {
  const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger });
  const starting = server.start(app).catch((error: unknown) => error);
  await server.stop(patient());
  expect(String(await starting)).toMatch(/was stopped before it started/);
  const call = connectKratos(`127.0.0.1:${server.port}`).echo({});
  await expect(call).rejects.toMatchObject({ code: 503 });
});

test("ends connections that wait for the start", async () => {
  const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger });
  server.handle(Echo, () => ({}));
  const endpoint = await server.endpoint();
  const reply = connectKratos(endpoint.host)
    .echo({})
    .catch((error: unknown) => error);
  await workBriefly();
  await server.stop(patient());
  expect(await reply).toMatchObject({ code: 503 });
});

test("loses no call of grpc-js while one server replaces another", async () => {
  const start = async (addr: string): Promise<GrpcServer> => {
    const server = new GrpcServer({ addr, logger: silentLogger });
    onTestFinished(() => server.stop(AbortSignal.abort()));
    server.handle(Echo, async ({ count }) => {
      await workBriefly();
      return { count };
    });
    await server.start(app);
    return server;
  };
  let server = await start("127.0.0.1:0");
  const address = `127.0.0.1:${server.port}`;
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.initial_reconnect_backoff_ms": 50,
  });
  onTestFinished(() => client.close());
  const { path, requestSerialize, responseDeserialize } = echoDefinition.Echo;
  const call = (count: number): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const metadata = new Metadata({ waitForReady: true });
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { count },
        metadata,
        { deadline: Date.now() + 20_000 },
        (error, reply) => (error ? reject(error) : resolve(reply?.count)),
      );
    });

  let next = 0;
  const load = { enough: false };
  const answered: (number | undefined)[] = [];
  const worker = async (): Promise<void> => {
    while (!load.enough) answered.push(await call(next++));
  };
  const workers = Array.from({ length: 20 }, worker);
  for (let replaced = 1; replaced <= 3; replaced++) {
    await expect.poll(() => answered.length, { timeout: 10_000 }).toBeGreaterThan(replaced * 200);
    await server.stop(patient());
    server = await start(address);
  }
  const before = answered.length;
  await expect.poll(() => answered.length, { timeout: 10_000 }).toBeGreaterThan(before + 200);
  load.enough = true;
  await Promise.all(workers);
  expect(answered.toSorted((a = 0, b = 0) => a - b)).toEqual(
    Array.from({ length: next }, (_, i) => i),
  );
});

test("loses no call of ours while one of two servers stops", async () => {
  const handlers = (router: GrpcServer): void => {
    router.handle(Echo, async ({ count }) => {
      await workBriefly();
      return { count };
    });
  };
  const [first, second] = [await startServer(handlers), await startServer(handlers)];
  const echo = createClient(`direct:///${first.address},${second.address}`).method(Echo);
  let next = 0;
  const load = { enough: false };
  const answered: number[] = [];
  const worker = async (): Promise<void> => {
    while (!load.enough) answered.push((await echo({ count: next++ })).count);
  };
  const workers = Array.from({ length: 50 }, worker);
  await expect.poll(() => answered.length).toBeGreaterThan(500);
  await first.server.stop(patient());
  const before = answered.length;
  await expect.poll(() => answered.length).toBeGreaterThan(before + 500);
  load.enough = true;
  await Promise.all(workers);
  expect(answered.toSorted((a, b) => a - b)).toEqual(Array.from({ length: next }, (_, i) => i));
});
