import { createServer as createNetServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Echo, Repeat } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { listen } from "./raw-server.ts";

async function closedPort(): Promise<string> {
  const server = createNetServer();
  const address = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return address;
}

describe("while a server cannot be reached", () => {
  test("calls fail at once, and connecting is not tried for each", async () => {
    let connections = 0;
    const server = createNetServer((socket) => {
      connections++;
      socket.destroy();
    });
    onTestFinished(() => void server.close());
    const echo = createClient(await listen(server)).method(Echo);
    for (let i = 0; i < 20; i++) await expect(echo({})).rejects.toMatchObject({ code: 503 });
    expect(connections).toBe(1);
  });

  test("calls that wait for it are made once it is there", async () => {
    const address = await closedPort();
    const client = createClient(address, { timeout: 20_000 });
    const echo = client.method(Echo);
    const waiting = [echo({}, { waitForReady: true }), echo({}, { waitForReady: true })];
    await expect(echo({})).rejects.toMatchObject({ code: 503 });
    await startServer((server) => server.handle(Echo, () => ({ text: "there" })), {
      addr: address,
    });
    expect(await Promise.all(waiting)).toMatchObject([{ text: "there" }, { text: "there" }]);
  });

  test("calls wait as the client says, and for streams, too", async () => {
    const address = await closedPort();
    const client = createClient(address, { waitForReady: true, timeout: 20_000 });
    const read = async (): Promise<string[]> => {
      const texts: string[] = [];
      for await (const { text } of client.method(Repeat)({})) texts.push(text);
      return texts;
    };
    const waiting = read();
    await expect(client.method(Echo)({}, { waitForReady: false })).rejects.toMatchObject({
      code: 503,
    });
    await startServer(
      (server) => {
        server.handle(Repeat, async function* () {
          yield { text: "there" };
        });
      },
      { addr: address },
    );
    expect(await waiting).toEqual(["there"]);
  });

  test("calls that wait say at their end what for", async () => {
    const address = await closedPort();
    const echo = createClient(address, { timeout: 50 }).method(Echo);
    await expect(echo({}, { waitForReady: true })).rejects.toMatchObject({
      code: 504,
      message: expect.stringMatching(/took longer than 50 ms, .*ECONNREFUSED/),
      cause: expect.objectContaining({ code: "ECONNREFUSED" }),
    });
  });

  test("closing ends the calls that wait", async () => {
    const client = createClient(await closedPort(), { timeout: 0 });
    const waiting = client
      .method(Echo)({}, { waitForReady: true })
      .catch((error: unknown) => error);
    client.close();
    expect(await waiting).toMatchObject({ code: 499, reason: "CLIENT_CLOSED" });
  });
});

test("a server that takes connections and says nothing is given up", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const sockets: Socket[] = [];
  const server = createNetServer((socket) => sockets.push(socket.resume()));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = await listen(server);
  const call = createClient(address, { timeout: 0 })
    .method(Echo)({})
    .catch((error: unknown) => error);
  vi.advanceTimersByTime(10_000);
  expect(await call).toMatchObject({
    code: 503,
    message: expect.stringContaining("no connection within 10000 ms"),
  });
});
