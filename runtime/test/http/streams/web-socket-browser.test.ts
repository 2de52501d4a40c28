import { once } from "node:events";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { AddressInfo } from "node:net";
import { connectWebSocket } from "../../../src/transport/http/client/client-web-socket-browser.ts";
import type { WebSocketRequest } from "../../../src/transport/http/client/client-web-socket.ts";
import type { WebSocketEvents } from "../../../src/transport/http/stream/web-socket-link.ts";

// The same interface as that of browsers, which Node 20 does not have.
beforeEach(() => {
  vi.stubGlobal("WebSocket", WebSocket);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

async function listen(
  onSocket: (socket: WebSocket) => void,
  verify = true,
): Promise<WebSocketRequest> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", verifyClient: () => verify });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  server.on("connection", onSocket);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    path: "/a?b=c",
    tls: undefined,
    headers: [],
    limit: 100,
    timeout: 5000,
    heartbeat: 0,
    signal: new AbortController().signal,
  };
}

/** Writes down what is told, and resolves when it is over. */
class Record implements WebSocketEvents {
  readonly told: unknown[] = [];
  readonly over: Promise<void>;
  #end: () => void = () => undefined;

  constructor() {
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  onMessage(data: string | Uint8Array): void {
    this.told.push(typeof data === "string" ? data : [...data]);
  }

  onError(error: Error, tooLarge: boolean): void {
    this.told.push([error.message, tooLarge]);
    this.#end();
  }

  onClose(code: number, reason: string): void {
    this.told.push([code, reason]);
    this.#end();
  }
}

test("sends and tells of texts, bytes and goodbyes", async () => {
  const got: unknown[] = [];
  const request = await listen((socket) => {
    socket.on("message", (data: Buffer, isBinary) => {
      got.push(isBinary ? [...data] : data.toString());
      if (got.length < 2) return;
      socket.send("c");
      socket.send(Buffer.from([3]));
      socket.close(1011, "why");
    });
  });
  const events = new Record();
  const link = await connectWebSocket(request, events);
  await link.send("a");
  await link.send(Uint8Array.of(1, 2));
  await events.over;
  expect(got).toEqual(["a", [1, 2]]);
  expect(events.told).toEqual(["c", [3], [1011, "why"]]);
});

test("waits while the peer does not read", async () => {
  let socket: WebSocket | undefined;
  let bytes = 0;
  const request = await listen((opened) => {
    socket = opened;
    socket.pause();
    socket.on("message", (data: Buffer) => (bytes += data.length));
  });
  const link = await connectWebSocket(request, new Record());
  const text = "x".repeat(1024 * 1024);
  let count = 1;
  let waiting: Promise<void> | undefined;
  while ((waiting = link.send(text)) === undefined) count++;
  const all = (async () => {
    await waiting;
    for (; count < 64; count++) await link.send(text); // oxlint-disable-line no-await-in-loop -- one after the other
  })();
  socket!.resume();
  await all;
  link.close(1000, "");
  await once(socket!, "close");
  expect(bytes).toBe(64 * 1024 * 1024);
});

test("takes no message that is too large", async () => {
  const request = await listen((socket) => socket.send("x".repeat(101)));
  const events = new Record();
  await connectWebSocket(request, events);
  await events.over;
  expect(events.told).toEqual([["a message is larger than 100 bytes", true]]);
});

test("fails with 503 when it is refused, or nobody is there", async () => {
  const refused = await listen(() => undefined, false);
  await expect(connectWebSocket(refused, new Record())).rejects.toMatchObject({
    code: 503,
    reason: "UNREACHABLE",
  });
});

test("fails with the signal's reason when it is aborted while it opens", async () => {
  const request = await listen(() => undefined);
  const reason = new Error("enough");
  const aborted = { ...request, signal: AbortSignal.abort(reason) };
  await expect(connectWebSocket(aborted, new Record())).rejects.toBe(reason);
});

test("may take for ever to open where there is no limit", async () => {
  const request = await listen((socket) => socket.close(1000));
  const record = new Record();
  await connectWebSocket({ ...request, timeout: Number.POSITIVE_INFINITY }, record);
  await record.over;
  expect(record.told).toEqual([[1000, ""]]);
});
