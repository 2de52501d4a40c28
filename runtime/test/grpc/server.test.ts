import { GrpcServer } from "@kratos-ts/runtime/grpc";
import { silentLogger } from "@kratos-ts/runtime/log";
import { describe, expect, onTestFinished, test } from "vitest";
import { createDeferred } from "./deferred.ts";
import type { EchoClient } from "./echo-peers.ts";
import { Echo } from "./echo-schema.ts";
import { app, connectKratos, createClient, startEcho, startServer } from "./kratos-peer.ts";
import { rawCall, requestFrame } from "./raw-call.ts";

describe("registration", () => {
  test("refuses a method that is there", () => {
    const server = new GrpcServer({ logger: silentLogger });
    server.handle(Echo, () => ({}));
    expect(() => server.handle(Echo, () => ({}))).toThrow(
      'the gRPC method "/test.echo.v1.EchoService/Echo" is registered already',
    );
  });

  test("refuses methods and middleware after the start", async () => {
    const { server } = await startServer(() => undefined);
    expect(() => server.handle(Echo, () => ({}))).toThrow(/has started/);
    expect(() => server.use("*")).toThrow(/has started/);
  });
});

describe("listening", () => {
  test("names the address that is in use", async () => {
    const { address } = await startServer(() => undefined);
    const second = new GrpcServer({ addr: address, logger: silentLogger });
    await expect(second.start(app)).rejects.toMatchObject({
      name: "ListenError",
      code: "EADDRINUSE",
      message: expect.stringContaining(address),
    });
    await second.stop(new AbortController().signal);
  });

  test("lets clients wait until the start", async () => {
    const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger });
    onTestFinished(() => server.stop(AbortSignal.abort()));
    server.handle(Echo, ({ text }) => ({ text }));
    const endpoint = await server.endpoint();
    const reply = connectKratos(endpoint.host).echo({ text: "patient" });
    await new Promise((resolve) => setImmediate(resolve));
    await server.start(app);
    expect(await reply).toMatchObject({ text: "patient" });
  });

  test("works on a Unix socket", async () => {
    const path = `/tmp/kratos-grpc-${process.pid}-${performance.now()}.sock`;
    const { server } = await startServer(
      (router) => router.handle(Echo, ({ text }) => ({ text })),
      {
        network: "unix",
        addr: path,
      },
    );
    expect((await server.endpoint()).href).toBe(`unix://${path}`);
    const echo = createClient(`unix://${path}`).method(Echo);
    expect(await echo({ text: "local" })).toMatchObject({ text: "local" });
  });

  test("takes a message limit", async () => {
    const { address } = await startServer((server) => server.handle(Echo, () => ({})), {
      maxReceiveBytes: 10,
    });
    const size = (text: string): number => requestFrame({ text }).length - 5;
    expect(size("12345678")).toBe(10);
    const send = (text: string): Promise<{ status: string | undefined }> =>
      rawCall(address, { chunks: [requestFrame({ text })] });
    expect(await send("12345678")).toMatchObject({ status: "0" });
    expect(await send("123456789")).toMatchObject({ status: "8" });
  });
});

describe("a slow reader", () => {
  const payload = new Uint8Array(64 * 1024);

  /** Long enough for a producer that nobody stops to run to its end. */
  async function letOthersRun(client: EchoClient): Promise<void> {
    for (let i = 0; i < 100; i++) await client.echo({});
  }

  test("stops the handler that streams to it", async () => {
    let produced = 0;
    const address = await startEcho({
      async *repeat() {
        for (; produced < 1000; produced++) yield { payload };
      },
    });
    const client = connectKratos(address);
    const replies = client.repeat({})[Symbol.asyncIterator]();
    await replies.next();
    await letOthersRun(client);
    expect(produced).toBeLessThan(200);
    let read = 1;
    for (let step = await replies.next(); step.done !== true; step = await replies.next()) read++;
    expect(read).toBe(1000);
  });

  test("stops the client that streams to it", async () => {
    const reading = createDeferred();
    const address = await startEcho({
      async collect(requests) {
        await reading.promise;
        let count = 0;
        for await (const _ of requests) count++;
        return { count };
      },
    });
    let produced = 0;
    const client = connectKratos(address);
    const reply = client.collect(
      (async function* () {
        for (; produced < 1000; produced++) yield { payload };
      })(),
    );
    await letOthersRun(client);
    expect(produced).toBeLessThan(200);
    reading.resolve();
    expect(await reply).toMatchObject({ count: 1000 });
  });
});
