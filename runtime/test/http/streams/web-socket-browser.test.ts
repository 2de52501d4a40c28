import { once } from "node:events";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { AddressInfo } from "node:net";
import { connectWebSocket } from "../../../src/transport/http/client/client-web-socket-browser.ts";
import {
  WebSocketReply,
  type WebSocketRequest,
} from "../../../src/transport/http/client/client-web-socket-connector.ts";
import type { AbortSource } from "../../../src/transport/http/client/client-sender.ts";
import type {
  WebSocketEvents,
  WebSocketLink,
} from "../../../src/transport/http/stream/web-socket-link.ts";

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
    deadline: undefined,
    connectTimeout: undefined,
    limit: 100,
    timeout: 5000,
    heartbeat: 0,
  };
}

/** A call that nobody aborts, unless it is at once. */
function callOf(aborted = false): AbortSource {
  const signal = aborted ? AbortSignal.abort() : new AbortController().signal;
  return { aborted, signal, onAbort: (stop) => void (aborted && stop?.()) };
}

async function open(request: WebSocketRequest, events: WebSocketEvents): Promise<WebSocketLink> {
  const reply = await connectWebSocket(request, callOf(), events);
  if (!(reply instanceof WebSocketReply)) throw new Error("no WebSocket was opened");
  return reply.link;
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
  const link = await open(request, events);
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
  const link = await open(request, new Record());
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
  await open(request, events);
  await events.over;
  expect(events.told).toEqual([["a message is larger than 100 bytes", true]]);
});

test("says of one that is refused that nobody knows why", async () => {
  const refused = await listen(() => undefined, false);
  await expect(open(refused, new Record())).rejects.toMatchObject({
    name: "SendError",
    fate: "unknown",
  });
});

test("of a page from elsewhere says what its server needs when it is refused", async () => {
  const refused = await listen(() => undefined, false);
  const { host } = new URL(refused.origin);
  const messageAt = async (location: object): Promise<string> => {
    vi.stubGlobal("location", { href: "http://app.test/page", ...location });
    const error: unknown = await open(refused, new Record()).catch((thrown: unknown) => thrown);
    return error instanceof Error ? error.message : "";
  };
  expect(await messageAt({ host: "app.test", origin: "http://app.test" })).toBe(
    'no WebSocket was opened; the option "allowedOrigins" of its server must hold "http://app.test"',
  );
  expect(await messageAt({ host, origin: refused.origin })).toBe("no WebSocket was opened");
});

test("is not opened for a call that was aborted", async () => {
  const request = await listen(() => undefined);
  const opening = connectWebSocket(request, callOf(true), new Record());
  await expect(opening).rejects.toMatchObject({ message: "the call was aborted" });
});

test("may take for ever to open where there is no limit", async () => {
  const request = await listen((socket) => socket.close(1000));
  const record = new Record();
  await open({ ...request, timeout: Number.POSITIVE_INFINITY }, record);
  await record.over;
  expect(record.told).toEqual([[1000, ""]]);
});
