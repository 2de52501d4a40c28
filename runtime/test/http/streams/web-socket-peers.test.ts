import { KratosError } from "@kratos-ts/runtime";
import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { createDeferred } from "../../grpc/deferred.ts";
import { send } from "../serve.ts";
import { collect, serveRooms } from "./rooms.ts";

const mark = "\u001e";

/** A WebSocket as any other program has it, and what comes over it. */
interface Peer {
  readonly socket: WebSocket;
  readonly frames: (string | Buffer)[];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly opened: Promise<void>;
}

function open(port: number, path: string, headers: Record<string, string> = {}): Peer {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  const frames: (string | Buffer)[] = [];
  onTestFinished(() => socket.terminate());
  socket.on("message", (data: Buffer, isBinary) => frames.push(isBinary ? data : data.toString()));
  return {
    socket,
    frames,
    opened: new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject)),
    closed: new Promise((resolve) => {
      socket.on("error", () => undefined);
      socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    }),
  };
}

const handshake = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
};

describe("other clients", () => {
  test("send and get messages as texts, and a goodbye that says nothing", async () => {
    const { port } = await serveRooms({ talk: (requests) => requests });
    const { socket, frames, opened, closed } = open(port, "/v1/rooms/hall/talk?by=me");
    await opened;
    socket.send('"one"');
    socket.send(Buffer.from('"two"'));
    socket.send(`${mark}end`);
    socket.send('"ignored"');
    expect(await closed).toEqual({ code: 1000, reason: "" });
    expect(frames).toEqual([
      '{"room":"hall","text":"one","by":"me"}',
      '{"room":"hall","text":"two","by":""}',
    ]);
  });

  test("learn of errors by a text and by the goodbye, cut to what fits", async () => {
    const { port } = await serveRooms({
      async dictate() {
        await new Promise((resolve) => setImmediate(resolve));
        await new Promise((resolve) => setImmediate(resolve));
        throw new KratosError(404, "NO_ROOM", "ü".repeat(100), { metadata: { a: "b" } });
      },
    });
    const { frames, closed } = open(port, "/v1/rooms/a/lines");
    const { code, reason } = await closed;
    const [text = "", json = ""] = String(frames[0]).split("\n");
    expect(text).toBe(
      `${mark}error:error: code = 404 reason = NO_ROOM message = ${"ü".repeat(100)} metadata = map[a:b] cause = <nil>`,
    );
    expect(JSON.parse(json)).toMatchObject({ code: 404, reason: "NO_ROOM", metadata: { a: "b" } });
    expect(code).toBe(1011);
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
    expect(reason).toMatch(/^error: code = 404 reason = NO_ROOM message = ü+$/);
  });

  test("may speak binary", async () => {
    const { port } = await serveRooms({
      async dictate(requests) {
        return { lines: (await collect(requests)).filter(({ text }) => text === "hi").length };
      },
    });
    const headers = { Accept: "application/proto", "Content-Type": "application/proto" };
    const { socket, frames, opened, closed } = open(port, "/v1/rooms/a/lines", headers);
    await opened;
    socket.send(Buffer.from([0x12, 2, 0x68, 0x69]));
    socket.send(`${mark}end`);
    await closed;
    expect(frames).toEqual([Buffer.from([8, 1])]);
  });

  test.for<[what: string, headers: Record<string, string>, status: number]>([
    ["of the same host", { Origin: "http://test" }, 101],
    ["of an allowed origin", { Origin: "https://app.example.com" }, 101],
    ["of another origin", { Origin: "https://evil.example.com" }, 403],
    ["of no origin that can be told", { Origin: "null" }, 403],
    ["of another version", { "Sec-WebSocket-Version": "12" }, 426],
    ["without a key", { "Sec-WebSocket-Key": "" }, 400],
    ["with a bad key", { "Sec-WebSocket-Key": "abc" }, 400],
    ["with a body", { "Content-Length": "3" }, 400],
    ["with a query that does not fit", { Path: "/v1/rooms/a/talk?by=%ff" }, 400],
    ["for nothing", { Path: "/v1/nothing" }, 404],
    ["for another method", { Path: "/v1/rooms" }, 405],
  ])("a hand-shake %s is answered with its status", async ([, { Path, ...headers }, status]) => {
    const { port } = await serveRooms(
      { talk: (requests) => requests },
      { allowedOrigins: ["https://App.example.com"] },
    );
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    const fields = Object.entries({ Host: "test", ...handshake, ...headers });
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.write(`GET ${Path ?? "/v1/rooms/a/talk"} HTTP/1.1\r\n${lines}\r\n`);
    const [answer] = await new Promise<Buffer[]>((resolve) =>
      socket.once("data", (data: Buffer) => resolve([data])),
    );
    expect(answer!.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer!.toString().includes(`{"code":${status}`)).toBe(status !== 101);
  });

  test.for<[line: string, status: number]>([
    ["GET /v1/rooms/a/talk", 426],
    ["GET /v1/rooms/a/lines", 200], // another operation's
    ["POST /v1/rooms/a/talk", 405],
  ])("%s without a hand-shake is answered with %i", async ([line, status]) => {
    const { port } = await serveRooms({ async *listen() {} });
    const response = await send(port, line);
    expect(response.status).toBe(status);
    expect(response.headers.get("upgrade")).toBe(status === 426 ? "websocket" : undefined);
  });

  test.for<[what: string, upgrade: Record<string, string>]>([
    ["HTTP/2", { Upgrade: "h2c", Connection: "Upgrade, HTTP2-Settings", "HTTP2-Settings": "AA" }],
    ["what nobody knows", { Upgrade: "x/1", Connection: "upgrade" }],
  ])("a request that offers %s is served as it is", async ([, upgrade]) => {
    const { port } = await serveRooms({ open: ({ name }) => ({ name: `${name}!` }) });
    const response = await fetchRaw(port, upgrade, '{"name":"hall"}');
    expect(response).toContain("HTTP/1.1 200 OK");
    expect(response).toContain('{"name":"hall!"}');
  });

  async function fetchRaw(
    port: number,
    headers: Record<string, string>,
    body: string,
  ): Promise<string> {
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    const fields = Object.entries({ ...headers, "Content-Length": String(body.length) });
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.write(`POST /v1/rooms HTTP/1.1\r\nHost: test\r\n${lines}\r\n${body}`);
    let text = "";
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.endsWith("}")) break;
    }
    return text;
  }

  test.for<[what: string, act: (peer: Peer) => void, code: number]>([
    ["breaks the connection", ({ socket }) => socket.terminate(), 499],
    ["says goodbye without an end", ({ socket }) => socket.close(1000), 499],
    ["leaves the page", ({ socket }) => socket.close(1001), 499],
    ["says that it failed", ({ socket }) => socket.send(`${mark}error:out of paper`), 499],
    ["sends no JSON", ({ socket }) => socket.send("{"), 400],
    ["sends what does not fit", ({ socket }) => socket.send('{"text":5}'), 400],
    ["sends too much", ({ socket }) => socket.send("x".repeat(2000)), 413],
    [
      "sends no WebSocket frame",
      ({ socket }) => (socket as unknown as { _socket: Socket })._socket.write("GET / HTTP/1.1"),
      400,
    ],
  ])("a client that %s ends its handler", async ([, act, code]) => {
    let seen: unknown;
    let reason: unknown;
    const ended = createDeferred();
    const started = createDeferred();
    const { port } = await serveRooms(
      {
        async dictate(requests, { signal }) {
          started.resolve();
          signal.addEventListener("abort", () => (reason = signal.reason));
          try {
            await collect(requests);
          } catch (error) {
            seen = error;
          }
          ended.resolve();
          return {};
        },
      },
      { maxBodyBytes: 1000 },
    );
    const peer = open(port, "/v1/rooms/a/lines");
    await peer.opened;
    await started.promise;
    act(peer);
    await ended.promise;
    await peer.closed;
    expect([seen, reason]).toMatchObject([{ code }, { code }]);
  });

  test("a client that answers no ping is given up", async () => {
    let reason: unknown;
    const ended = createDeferred();
    const { port } = await serveRooms(
      {
        async dictate(_requests, { signal }) {
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          reason = signal.reason;
          ended.resolve();
          return {};
        },
      },
      { heartbeat: 20 },
    );
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/rooms/a/lines`, { autoPong: false });
    socket.on("error", () => undefined);
    onTestFinished(() => socket.terminate());
    await ended.promise;
    expect(reason).toMatchObject({ code: 499 });
  });

  test("a stream goes on while the server stops, until it stops hard", async () => {
    const { server, port } = await serveRooms({ talk: (requests) => requests });
    const { socket, frames, opened, closed } = open(port, "/v1/rooms/a/talk");
    await opened;
    const hard = new AbortController();
    const stopped = server.stop(hard.signal);
    socket.on("message", () => hard.abort());
    socket.send('"still there"');
    const { code, reason } = await closed;
    await stopped;
    expect(frames[0]).toContain("still there");
    expect(frames[1]).toContain(`${mark}error:error: code = 503 reason = SERVER_STOPPED `);
    expect(code).toBe(1001);
    expect(reason).toContain("SERVER_STOPPED");
  });
});
