import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { buildSchema } from "./schema.ts";
import { appInfo, createTestServer, parseRule } from "./serve.ts";

const R = buildSchema()("test.v1.R");
const never = new AbortController().signal;
const get = (n: number) => `GET /v1/${n} HTTP/1.1\r\nHost: t\r\n\r\n`;

/** A server whose calls wait until they are released, in any order. */
async function serveWaiting(count: number) {
  const server = createTestServer({ timeout: 0 });
  const waiting = new Map<number, () => void>();
  let called = () => undefined as void;
  const allCalled = new Promise<void>((resolve) => (called = resolve));
  server.handle(
    { operation: "/test.v1.Test/Get", input: R, output: R, bindings: [parseRule("GET /v1/{n}")] },
    async (request) => {
      const { n } = request as unknown as { n: number };
      const released = new Promise<void>((resolve) => waiting.set(n, resolve));
      if (waiting.size === count) called();
      await released;
      return { n };
    },
  );
  await server.start(appInfo);
  const socket = connect(server.port!, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  return { server, socket, allCalled, release: (n: number) => waiting.get(n)!() };
}

async function readAll(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

test.for([
  ["in order", [1, 2, 3]],
  ["in reverse", [3, 2, 1]],
] as const)(
  "a stop loses none of the requests that were taken up, answered %s",
  async ([, order]) => {
    const { server, socket, allCalled, release } = await serveWaiting(3);
    socket.write(get(1) + get(2) + get(3));
    await allCalled;
    const stopped = server.stop(never);
    for (const n of order) {
      release(n);
      await new Promise(setImmediate); // oxlint-disable-line no-await-in-loop -- one reply after the other
    }
    const text = await readAll(socket);
    expect([...text.matchAll(/"n":(\d)/g)].map(([, n]) => n)).toEqual(["1", "2", "3"]);
    expect([...text.matchAll(/Connection: close/g)]).toHaveLength(1);
    expect(text.lastIndexOf("HTTP/1.1 200")).toBeLessThan(text.indexOf("Connection: close"));
    await stopped;
  },
);

test("what comes behind a reply that closes the connection is not processed", async () => {
  const server = createTestServer();
  const seen: number[] = [];
  server.handle(
    { operation: "/test.v1.Test/Get", input: R, output: R, bindings: [parseRule("GET /v1/{n}")] },
    (request) => {
      seen.push((request as unknown as { n: number }).n);
      return request;
    },
  );
  await server.start(appInfo);
  const socket = connect(server.port!, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  const stopped = server.stop(never);
  socket.write(get(1) + get(2));
  const text = await readAll(socket);
  expect([...text.matchAll(/HTTP\/1\.1 200/g)]).toHaveLength(1);
  expect(seen).toEqual([1]);
  await stopped;
});

test("garbage behind requests that are being served loses none of them", async () => {
  const { socket, allCalled, release } = await serveWaiting(2);
  socket.write(`${get(1)}${get(2)}garbage\r\n\r\n`);
  await allCalled;
  release(2);
  await new Promise(setImmediate);
  release(1);
  const text = await readAll(socket);
  expect([...text.matchAll(/"n":(\d)/g)].map(([, n]) => n)).toEqual(["1", "2"]);
});
