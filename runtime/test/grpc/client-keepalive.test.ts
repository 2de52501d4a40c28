import type { AddressInfo, Socket } from "node:net";
import { connect, createServer as createNetServer } from "node:net";
import type { ServerHttp2Session } from "node:http2";
import { describe, expect, onTestFinished, test } from "vitest";
import { Echo, Repeat } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { clientPreface, FrameFlag, FrameType } from "../../src/transport/http2/stack/frame.ts";
import { block, data, frame, settings } from "../http2/raw-client.ts";
import { listen, replyFrame, startLossyServer } from "./raw-server.ts";

/** A way to a server that can stop to carry anything, while its connections stay open. */
async function startWire(address: string): Promise<{ address: string; cut(): void }> {
  const port = Number(address.split(":")[1]);
  const sockets: Socket[] = [];
  let isCut = false;
  const server = createNetServer((near) => {
    const far = connect(port, "127.0.0.1");
    sockets.push(near, far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("error", () => undefined);
      from.on("data", (chunk) => isCut || to.write(chunk));
      from.on("close", () => to.destroy());
    }
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const listening = await listen(server);
  expect((server.address() as AddressInfo).port).toBeGreaterThan(0);
  return { address: listening, cut: () => (isCut = true) };
}

describe("a server that is gone without a word", () => {
  test("fails its streams after two times of silence", async () => {
    const { address } = await startServer((server) => {
      server.handle(Repeat, async function* () {
        yield {};
        await new Promise(() => undefined);
      });
    });
    const wire = await startWire(address);
    const keepalive = { time: 30, timeout: 30 };
    const client = createClient(wire.address, { keepalive });
    const replies = client.method(Repeat)({})[Symbol.asyncIterator]();
    await replies.next();
    wire.cut();
    await expect(replies.next()).rejects.toMatchObject({
      code: 503,
      message: expect.stringContaining("does not answer pings"),
    });
  });

  test("is found out without a call, too, where that is wanted", async () => {
    const sessions: ServerHttp2Session[] = [];
    const { address } = await startLossyServer(sessions);
    const wire = await startWire(address);
    const keepalive = { time: 20, timeout: 20, permitWithoutStream: true };
    const echo = createClient(wire.address, { keepalive }).method(Echo);
    await echo({});
    wire.cut();
    await expect.poll(() => sessions[0]?.destroyed).toBe(true);
  });

  test("is found out when a call had no answer in time", async () => {
    const sessions: ServerHttp2Session[] = [];
    const { address } = await startLossyServer(sessions);
    const wire = await startWire(address);
    const echo = createClient(wire.address, { keepalive: { timeout: 20 } }).method(Echo);
    await echo({});
    wire.cut();
    await expect(echo({}, { timeout: 20 })).rejects.toMatchObject({ code: 504 });
    await expect.poll(() => sessions[0]?.destroyed).toBe(true);
  });
});

test("a server that answers pings may take its time", async () => {
  const sessions: ServerHttp2Session[] = [];
  const { address, release, hung } = await startLossyServer(sessions);
  let pings = 0;
  const client = createClient(address, { keepalive: { time: 10, timeout: 5000 } });
  const slow = client.method(Echo)({ text: "hang" });
  await expect.poll(hung).toBe(1);
  sessions[0]?.on("ping", () => pings++);
  await expect.poll(() => pings).toBeGreaterThan(2);
  release();
  expect(await slow).toMatchObject({ text: "ok" });
});

describe("connections without a call", () => {
  test("are closed after a time, and opened again", async () => {
    const sessions: ServerHttp2Session[] = [];
    const { address } = await startLossyServer(sessions);
    const echo = createClient(address, { idleTimeout: 20 }).method(Echo);
    await echo({});
    await expect.poll(() => sessions[0]?.destroyed).toBe(true);
    expect(await echo({})).toMatchObject({ text: "ok" });
    expect(sessions).toHaveLength(2);
  });

  test("to several servers stay closed until there is a call", async () => {
    const [a, b]: ServerHttp2Session[][] = [[], []];
    const servers = [await startLossyServer(a!), await startLossyServer(b!)];
    const endpoint = `direct:///${servers.map(({ address }) => address).join(",")}`;
    const client = createClient(endpoint, { idleTimeout: 30, healthCheck: false });
    await client.method(Echo)({});
    await expect.poll(() => [...a!, ...b!].every(({ destroyed }) => destroyed)).toBe(true);
    expect([a!.length, b!.length]).toEqual([1, 1]);
    expect(await client.method(Echo)({})).toMatchObject({ text: "ok" });
  });

  test("are closed though their servers are watched", async () => {
    const { server, address } = await startServer((router) => router.handle(Echo, () => ({})));
    const echo = createClient(`direct:///${address}`, { idleTimeout: 20 }).method(Echo);
    await echo({});
    // A server that stops waits for its connections.
    await server.stop(new AbortController().signal);
    await expect(echo({})).rejects.toMatchObject({ code: 503 });
  });

  test("are not closed under a stream", async () => {
    const sessions: ServerHttp2Session[] = [];
    const { address, release, hung } = await startLossyServer(sessions);
    const client = createClient(address, { idleTimeout: 5, timeout: 0 });
    const slow = client.method(Echo)({ text: "hang" });
    await expect.poll(hung).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50)); // ten times the idle time
    release();
    expect(await slow).toMatchObject({ text: "ok" });
    expect(sessions).toHaveLength(1);
  });
});

test("a connection whose headers cannot be decoded gives way to another after seconds", async () => {
  const sockets: Socket[] = [];
  const server = createNetServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    const broken = sockets.length === 1;
    socket.write(settings());
    socket.once("data", () => socket.write(frame(FrameType.SETTINGS, FrameFlag.ACK, 0)));
    let received = Buffer.alloc(0);
    let answered = false;
    socket.on("data", (bytes) => {
      received = Buffer.concat([received, bytes]);
      if (answered || !hasCall(received)) return;
      answered = true;
      if (!broken) {
        socket.write(goodAnswer);
        return;
      }
      // The index of a field that is in no table.
      socket.write(frame(FrameType.HEADERS, FrameFlag.END_HEADERS, 1, Buffer.of(0xff, 0x7f)));
    });
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const client = createClient(await listen(server));
  const [echo, repeat] = [client.method(Echo), client.method(Repeat)];
  const replies = repeat({})[Symbol.asyncIterator]();
  const next = replies.next().catch((error: unknown) => error);
  await expect(echo({}, { timeout: 50 })).rejects.toMatchObject({ code: 504 });
  expect(await next).toMatchObject({
    code: 503,
    message: expect.stringContaining("neither sends nor reads"),
  });
  expect(await echo({})).toMatchObject({ text: "ok" });
});

/** Whether a client has sent HEADERS behind its preface. */
function hasCall(bytes: Buffer): boolean {
  let at = clientPreface.length;
  while (at + 9 <= bytes.length) {
    if (bytes[at + 3] === FrameType.HEADERS) return true;
    at += 9 + bytes.readUIntBE(at, 3);
  }
  return false;
}

const goodAnswer = Buffer.concat([
  frame(
    FrameType.HEADERS,
    FrameFlag.END_HEADERS,
    1,
    block([":status", "200"], ["content-type", "application/grpc"]),
  ),
  data(1, replyFrame({ text: "ok" })),
  frame(
    FrameType.HEADERS,
    FrameFlag.END_HEADERS | FrameFlag.END_STREAM,
    1,
    block(["grpc-status", "0"]),
  ),
]);
