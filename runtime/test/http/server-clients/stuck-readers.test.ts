import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { HttpServer, HttpServerOptions } from "@kratos-ts/runtime/http";
import type { Line } from "../../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_pb.ts";
import { clientPreface, FrameFlag, FrameType } from "../../../src/transport/http2/stack/frame.ts";
import { createDeferred } from "../../grpc/deferred.ts";
import { block, frame, settings, windowUpdate } from "../../http2/raw-client.ts";
import { createAuthority } from "../../transport/certificates.ts";
import { appInfo, createTestServer } from "../serve.ts";
import { each, serveRooms } from "../streams/rooms.ts";

const authority = createAuthority();
const tls = authority.issue("server");
const large = { text: "x".repeat(256 * 1024) };

/** Serves events without an end, and tells how their handler ended. */
async function serveEndless(options: HttpServerOptions) {
  const returned = createDeferred();
  let reason: unknown;
  const { port } = await serveRooms(
    {
      async *listen({ name }, { signal }) {
        if (name === "quiet") {
          yield* each({ text: "all" });
          return;
        }
        signal.addEventListener("abort", () => (reason = signal.reason));
        try {
          for (;;) yield large;
        } finally {
          returned.resolve();
        }
      },
    },
    { sendTimeout: 200, ...options },
  );
  return { port, ended: returned.promise.then(() => reason) };
}

function keep(socket: Socket): Socket {
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

const dialTls = (port: number, protocol: string): Socket =>
  keep(
    connectTls({ port, host: "127.0.0.1", ca: authority.cert, ALPNProtocols: [protocol] }),
  ).pause();

function openSession(port: number) {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: authority.cert });
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  return session;
}

const getLines = "GET /v1/rooms/a/lines HTTP/1.1\r\nHost: t\r\n\r\n";

describe("a client that never reads", () => {
  test.for<[protocol: string, options: HttpServerOptions, open: (port: number) => void]>([
    ["HTTP/1.1", {}, (port) => void keep(connect(port, "127.0.0.1")).pause().write(getLines)],
    ["HTTPS", { tls }, (port) => void dialTls(port, "http/1.1").write(getLines)],
    [
      "HTTP/2",
      { tls },
      (port) => {
        const stream = openSession(port).request({ ":path": "/v1/rooms/a/lines" });
        stream.on("error", () => undefined).pause();
      },
    ],
    [
      "HTTP/2, and grants all bytes that there are",
      { tls },
      (port) => {
        const window = 2 ** 31 - 1;
        const head = block(
          [":method", "GET"],
          [":scheme", "https"],
          [":authority", "t"],
          [":path", "/v1/rooms/a/lines"],
        );
        dialTls(port, "h2").write(
          Buffer.concat([
            Buffer.from(clientPreface),
            settings([4, window]), // SETTINGS_INITIAL_WINDOW_SIZE
            windowUpdate(0, window - 65_535),
            frame(FrameType.HEADERS, FrameFlag.END_HEADERS | FrameFlag.END_STREAM, 1, head),
          ]),
        );
      },
    ],
  ])("its stream over %s is ended", async ([, options, open]) => {
    const { port, ended } = await serveEndless(options);
    open(port);
    expect(await ended).toMatchObject({ code: 499, reason: "CLIENT_CLOSED" });
  });

  test("loses its WebSocket though it goes on sending", async () => {
    const aborted = createDeferred();
    let reason: unknown;
    const { port } = await serveRooms(
      {
        async *talk(lines, { signal }) {
          signal.addEventListener("abort", () => {
            reason = signal.reason;
            aborted.resolve();
          });
          const line = await lines[Symbol.asyncIterator]().next();
          for (;;) yield line.value as Line;
        },
      },
      { sendTimeout: 200, heartbeat: 50 },
    );
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/rooms/a/talk`);
    onTestFinished(() => socket.terminate());
    socket.on("error", () => undefined);
    await once(socket, "open");
    socket.pause();
    socket.send(JSON.stringify(large.text));
    const drip = setInterval(() => socket.send('""'), 10);
    onTestFinished(() => clearInterval(drip));
    await aborted.promise;
    expect(reason).toMatchObject({ code: 499 });
  });

  test("keeps nothing of a large reply", async () => {
    const server = createTestServer({ sendTimeout: 200 });
    const gone = createDeferred();
    serveLarge(server, () => gone.resolve());
    await server.start(appInfo);
    keep(connect(server.port!, "127.0.0.1")).pause().write(getLarge);
    await expect(gone.promise).resolves.toBeUndefined();
  });

  test("does not keep a server from stopping", async () => {
    const server = createTestServer({ sendTimeout: 200 });
    serveLarge(server, () => undefined);
    await server.start(appInfo);
    const socket = keep(connect(server.port!, "127.0.0.1"));
    socket.write(getLarge);
    await once(socket, "readable");
    await expect(server.stop(new AbortController().signal)).resolves.toBeUndefined();
  });

  test("of one stream of HTTP/2 harms no other on its connection", async () => {
    const { port, ended } = await serveEndless({ tls });
    const session = openSession(port);
    const stuck = session.request({ ":path": "/v1/rooms/a/lines" });
    stuck.on("error", () => undefined).pause();
    const closed = once(stuck, "close");
    const state = { isOver: false };
    void ended.then(() => (state.isOver = true));
    let others = 0;
    while (!state.isOver) {
      const other = session.request({ ":path": "/v1/rooms/quiet/lines" });
      let text = "";
      for await (const chunk of other) text += String(chunk);
      expect(text).toContain('"all"');
      others++;
    }
    expect(await ended).toMatchObject({ code: 499 });
    await closed;
    expect(stuck.rstCode).toBe(8); // CANCEL
    expect(others).toBeGreaterThan(0);
    expect(session.destroyed).toBe(false);
  });
});

describe("a client that reads slowly", () => {
  const bytes = 16 * 1024 * 1024;

  test.for<[protocol: string, options: HttpServerOptions, open: (port: number) => Socket]>([
    ["HTTP/1.1", {}, (port) => keep(connect(port, "127.0.0.1"))],
    ["HTTPS", { tls }, (port) => dialTls(port, "http/1.1")],
  ])("gets all of a large reply over %s", async ([, options, open]) => {
    const server = createTestServer({ sendTimeout: 400, ...options });
    serveLarge(server, () => undefined, bytes);
    await server.start(appInfo);
    const socket = open(server.port!);
    socket.write(getLarge);
    expect(await readSlowly(socket)).toBeGreaterThan(bytes);
  });

  test("gets all of a large reply over HTTP/2, also while others move", async () => {
    const server = createTestServer({ sendTimeout: 400, tls });
    serveLarge(server, () => undefined, bytes);
    server.route("GET", "/small", () => ({ body: "x" }));
    await server.start(appInfo);
    const session = openSession(server.port!);
    const pings = setInterval(() => session.request({ ":path": "/small" }).resume(), 10);
    onTestFinished(() => clearInterval(pings));
    expect(await readSlowly(session.request({ ":path": "/large" }))).toBe(bytes);
  });
});

const getLarge = "GET /large HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";

function serveLarge(server: HttpServer, onClose: () => void, bytes = 64 * 1024 * 1024): void {
  server.route("GET", "/large", (request) => {
    request.message.socket.on("close", onClose);
    return { body: Buffer.alloc(bytes) };
  });
}

/** Reads a megabyte each twentieth of a second. */
async function readSlowly(readable: NodeJS.ReadableStream): Promise<number> {
  let count = 0;
  let rest = 0;
  const pace = setInterval(() => {
    rest = 1024 * 1024;
    readable.resume();
  }, 50);
  readable.on("data", (chunk: Buffer) => {
    count += chunk.length;
    rest -= chunk.length;
    if (rest <= 0) readable.pause();
  });
  readable.pause();
  await once(readable, "end");
  clearInterval(pace);
  return count;
}
