import { Server, ServerCredentials, type ServerOptions } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { Echo, Repeat } from "./echo-schema.ts";
import { echoDefinition, type ReplyInit, type RequestInit } from "./grpc-js-echo.ts";
import { createClient } from "./kratos-peer.ts";

async function startGrpcJs(options: ServerOptions = {}): Promise<{ server: Server; port: number }> {
  const server = new Server(options);
  server.addService(
    { Echo: echoDefinition.Echo, Repeat: echoDefinition.Repeat },
    {
      Echo: (
        call: { request: RequestInit },
        callback: (error: null, reply: ReplyInit) => void,
      ): void => {
        setImmediate(() => callback(null, { text: call.request.text ?? "" }));
      },
      Repeat: (call: { write(reply: ReplyInit): boolean; end(): void }): void => {
        for (let count = 0; count < 5; count++) call.write({ count });
        setImmediate(() => call.end());
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  onTestFinished(() => server.forceShutdown());
  return { server, port };
}

describe("with servers of grpc-js", () => {
  test("no call fails whose server ends its connections again and again", async () => {
    let rounds = 0;
    const { port } = await startGrpcJs({
      "grpc.max_connection_age_ms": 30,
      "grpc.max_connection_age_grace_ms": 5000,
    });
    const client = createClient(`127.0.0.1:${port}`, { timeout: 10_000 });
    const [echo, repeat] = [client.method(Echo), client.method(Repeat)];
    const end = performance.now() + 500;
    const load = Array.from({ length: 10 }, async (_, i) => {
      while (performance.now() < end) {
        expect(await echo({ text: `${i}` })).toMatchObject({ text: `${i}` });
        let seen = 0;
        for await (const { count } of repeat({})) expect(count).toBe(seen++);
        expect(seen).toBe(5);
        rounds++;
      }
    });
    await Promise.all(load);
    expect(rounds).toBeGreaterThan(10);
  });

  test("no call fails when one of two stops", async () => {
    const servers = [await startGrpcJs(), await startGrpcJs()];
    const endpoint = `direct:///${servers.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
    const client = createClient(endpoint, { timeout: 10_000 });
    const echo = client.method(Echo);
    const state = { done: false, calls: 0 };
    const load = Array.from({ length: 10 }, async () => {
      while (!state.done) {
        await echo({ text: "a" });
        state.calls++;
      }
    });
    const patient = { timeout: 20_000 };
    await expect.poll(() => state.calls, patient).toBeGreaterThan(50);
    await new Promise<void>((resolve, reject) => {
      servers[0]!.server.tryShutdown((error) => (error === undefined ? resolve() : reject(error)));
    });
    const before = state.calls;
    await expect.poll(() => state.calls, patient).toBeGreaterThan(before + 50);
    state.done = true;
    await Promise.all(load);
  });
});
