import { KratosError, type Middleware } from "@kratos-ts/runtime";
import type { HttpFilter } from "@kratos-ts/runtime/http";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { RoomsDictateRoute } from "../../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_http.ts";
import { createDeferred } from "../../grpc/deferred.ts";
import { appInfo, createTestServer, send } from "../serve.ts";
import { serveRooms } from "./rooms.ts";

const handshake =
  "Host: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

function open(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** What comes until `end` does. */
async function readUntil(socket: Socket, end: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (end.test(text)) break;
  }
  return text;
}

test("filters see hand-shakes, and may refuse them", async () => {
  const seen: string[] = [];
  const guard: HttpFilter = (next) => (request, response) => {
    seen.push(request.url ?? "");
    response.setHeader("X-Seen", seen.length);
    if (request.headers.authorization === undefined) throw new KratosError(401, "NO", "no token");
    return next(request, response);
  };
  const { port } = await serveRooms({ talk: (requests) => requests }, { filters: [guard] });
  const socket = open(port);
  socket.write(`GET /v1/rooms/a/talk HTTP/1.1\r\n${handshake}\r\n`);
  expect(await readUntil(socket, /\}$/)).toMatch(/^HTTP\/1\.1 401 [^]*"reason":"NO"/);
  const other = open(port);
  other.write(`GET /v1/rooms/a/talk HTTP/1.1\r\nAuthorization: x\r\n${handshake}\r\n`);
  expect(await readUntil(other, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 101 [^]*x-seen: 2\r\n/i);
  expect(seen).toEqual(["/v1/rooms/a/talk", "/v1/rooms/a/talk"]);
});

test("frames that follow a hand-shake at once are read", async () => {
  const { port } = await serveRooms({ talk: (requests) => requests });
  const socket = open(port);
  // A text frame, masked with zeros, and another with the end.
  const frame = (text: string) =>
    Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
  const head = Buffer.from(`GET /v1/rooms/a/talk HTTP/1.1\r\n${handshake}\r\n`);
  socket.write(Buffer.concat([head, frame('"hi"'), frame("\u001eend")]));
  expect(await readUntil(socket, /"hi"/)).toContain('{"room":"a","text":"hi","by":""}');
});

test("a client that goes before its hand-shake is answered aborts the call", async () => {
  const started = createDeferred();
  const aborted = createDeferred();
  let reason: unknown;
  const wait: Middleware = (next) => async (request, context) => {
    started.resolve();
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    reason = context.signal.reason;
    aborted.resolve();
    return next(request, context);
  };
  const { port } = await serveRooms({ talk: (requests) => requests }, { middleware: [wait] });
  const socket = open(port);
  socket.write(`GET /v1/rooms/a/talk HTTP/1.1\r\n${handshake}\r\n`);
  await started.promise;
  socket.write("what no client should send yet");
  socket.end();
  await aborted.promise;
  expect(reason).toMatchObject({ code: 499, reason: "CLIENT_CLOSED" });
});

test.for(["websocket", "h2c"])(
  "a request for %s must not follow others that wait",
  async (name) => {
    const { port } = await serveRooms({
      async *listen() {
        await new Promise((resolve) => setImmediate(resolve));
        yield { text: "x" };
      },
      talk: (requests) => requests,
    });
    const socket = open(port);
    const first = `GET /v1/rooms/a/lines HTTP/1.1\r\nHost: a\r\n\r\n`;
    const second = `GET /v1/rooms/a/talk HTTP/1.1\r\n${handshake.replace("websocket", name)}\r\n`;
    socket.write(first + second);
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 200 [^]*"text":"x"/);
    expect(text).not.toContain(" 101 ");
  },
);

test("requests that offer HTTP/2 follow one another on a connection", async () => {
  const { port } = await serveRooms({ open: ({ name }) => ({ name }) });
  const socket = open(port);
  for (const name of ["a", "b", "c"]) {
    const body = JSON.stringify({ name });
    const offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n";
    socket.write(
      `POST /v1/rooms HTTP/1.1\r\nHost: a\r\n${offer}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    // oxlint-disable-next-line no-await-in-loop -- one request after the other
    expect(await readUntil(socket, /\}$/)).toContain(`{"name":"${name}"}`);
  }
});

test("hand-shakes that come before the server has started are answered then", async () => {
  const server = createTestServer();
  server.handle(RoomsDictateRoute, async () => ({ lines: 7 }));
  await server.endpoint();
  const socket = open(server.port!);
  socket.write(`GET /v1/rooms/a/lines HTTP/1.1\r\n${handshake}\r\n`);
  await new Promise((resolve) => socket.once("ready", resolve));
  await server.start(appInfo);
  expect(await readUntil(socket, /"lines":7/)).toMatch(/^HTTP\/1\.1 101 /);
});

test("two rules of an operation may lead to the same WebSocket", async () => {
  const server = createTestServer();
  const [rule] = RoomsDictateRoute.bindings;
  const bindings = [rule, { ...rule, method: "PUT" }] as const;
  server.handle({ ...RoomsDictateRoute, bindings }, async () => ({ lines: 7 }));
  await server.start(appInfo);
  const { body } = await send(server.port!, "PUT /v1/rooms/a/lines", "[]");
  expect(body).toBe('{"lines":7}');
});

test("WebSockets of two operations at one path are refused where they are registered", () => {
  const server = createTestServer();
  const [rule] = RoomsDictateRoute.bindings;
  server.handle(RoomsDictateRoute, () => ({}));
  const other = {
    ...RoomsDictateRoute,
    operation: "/rooms.v1.Rooms/Other",
    bindings: [{ ...rule, method: "PUT" }],
  } as const;
  expect(() => server.handle(other, () => ({}))).toThrow(/GET .* match the same requests/);
});
