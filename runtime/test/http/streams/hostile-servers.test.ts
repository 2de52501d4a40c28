import { HttpClient, type HttpClientOptions } from "@kratos-ts/runtime/http";
import { createHash } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import { type AddressInfo, createServer as createNetServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { createRoomsHttpClient } from "../../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_http.ts";
import { RawServer } from "../raw-server.ts";
import { collect, each, failureOf, settled } from "./rooms.ts";

/** What a handshake is answered with (RFC 6455, section 4.2.2). */
function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** A client of a server of plain Node. */
async function connect(
  listener: RequestListener,
  onSocket?: (socket: WebSocket) => void,
  options: Partial<HttpClientOptions> = {},
) {
  const server = createServer(listener);
  const sockets = new WebSocketServer({ noServer: true, autoPong: false });
  if (onSocket !== undefined) {
    server.on("upgrade", (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, onSocket);
    });
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const client = new HttpClient({ endpoint: `127.0.0.1:${port}`, ...options });
  onTestFinished(() => client.close());
  return createRoomsHttpClient(client);
}

describe("a stream of events", () => {
  /** What a client makes of these bytes, after which the connection ends or breaks. */
  async function read(body: string | Buffer, headers: Record<string, string> = {}, cut = false) {
    const client = await connect(
      (_request, response) => {
        response.writeHead(200, { "Content-Type": "text/event-stream", ...headers });
        response.write(body, () => (cut ? response.destroy() : response.end()));
      },
      undefined,
      { maxReceiveBytes: 1000 },
    );
    const texts: string[] = [];
    const reading = (async () => {
      for await (const { text } of client.listen({ name: "a" })) texts.push(text);
    })();
    const error = await reading.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return { texts, error };
  }

  const one = 'data: {"text":"one"}\n\n';

  test.for<[what: string, body: string, texts: string[]]>([
    ["events of other kinds", `event: ping\ndata: x\n\n${one}`, ["one"]],
    ["events without a name", one + one, ["one", "one"]],
    ["members that nobody knows", 'data: {"text":"a","x":{}}\n\n', ["a"]],
    ["an event without an end", `${one}data: {"text":"two"}\n`, ["one"]],
    ["nothing", "\n", []],
  ])("with %s is read", async ([, body, texts]) => {
    expect(await read(body)).toEqual({ texts, error: undefined });
  });

  test("without a type and a body has no messages", async () => {
    const client = await connect((_request, response) => response.end());
    expect(await collect(client.listen({ name: "a" }))).toEqual([]);
  });

  test.for<[what: string, body: string, headers: Record<string, string>, error: object]>([
    ["of no JSON", `${one}data: {\n\n`, {}, { code: 500, reason: "CODEC" }],
    ["that does not fit", `${one}data: {"text":5}\n\n`, {}, { code: 500, reason: "CODEC" }],
    ["of another type", one, { "Content-Type": "text/html" }, { code: 500, reason: "CODEC" }],
    ["of an event too large", `data: ${"x".repeat(1001)}\n\n`, {}, { code: 500, reason: "CODEC" }],
    ["without an end of its line", "x".repeat(5000), {}, { code: 500, reason: "CODEC" }],
    [
      "with an error that is a text",
      "event: error\ndata: out of paper\n\n",
      {},
      { code: 500, message: "out of paper" },
    ],
    [
      "with an error that is no object",
      "event: error\ndata: 5\n\n",
      {},
      { code: 500, message: "5" },
    ],
    [
      "with an error that has a code alone",
      'event: error\ndata: {"code":404}\n\n',
      {},
      { code: 404 },
    ],
  ])("%s fails", async ([, body, headers, want]) => {
    expect((await read(body, headers)).error).toMatchObject(want);
  });

  test("that ends with its connection fails when that is reset", async () => {
    const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    const server = await RawServer.listen((socket) => void socket.write(head + one));
    const client = new HttpClient({ endpoint: server.address });
    const lines = createRoomsHttpClient(client).listen({ name: "a" });
    const replies = lines[Symbol.asyncIterator]();
    expect(await replies.next()).toMatchObject({ value: { text: "one" } });
    for (const socket of server.sockets) socket.resetAndDestroy();
    await expect(replies.next()).rejects.toMatchObject({ code: 503, reason: "UNREACHABLE" });
    client.close();
  });

  test("that breaks off fails, behind the events that came", async () => {
    const { texts, error } = await read(`${one}data: {"te`, {}, true);
    expect(texts).toEqual(["one"]);
    expect(error).toMatchObject({ code: 503, reason: "UNREACHABLE" });
  });
});

describe("a WebSocket", () => {
  const call = async (
    onSocket: (socket: WebSocket) => void,
    options: Partial<HttpClientOptions> = {},
  ) => {
    const client = await connect(() => undefined, onSocket, options);
    const forever = async function* () {
      yield { room: "a" };
      await new Promise(() => undefined);
    };
    return failureOf(client.dictate(forever()));
  };

  test.for<[what: string, act: (socket: WebSocket) => void, error: object]>([
    ["closed without a reply", (socket) => socket.close(1000), { code: 500, reason: "CODEC" }],
    [
      "closed with the reason as it goes",
      (socket) =>
        socket.close(
          1001,
          "error: code = 503 reason = GONE message = x metadata = map[] cause = <nil>",
        ),
      { code: 503, reason: "GONE" },
    ],
    ["closed in anger", (socket) => socket.close(1011, "x"), { code: 503, reason: "UNREACHABLE" }],
    [
      "closed with an error of Kratos",
      (socket) =>
        socket.close(
          1011,
          "error: code = 404 reason = A message = b metadata = map[] cause = <nil>",
        ),
      { code: 404, reason: "A", message: "b" },
    ],
    ["broken off", (socket) => socket.terminate(), { code: 503, reason: "UNREACHABLE" }],
    ["with no JSON", (socket) => socket.send("{"), { code: 500, reason: "CODEC" }],
    ["with an unknown word", (socket) => socket.send("\u001ex"), { code: 500, reason: "CODEC" }],
    [
      "with an error that is a text",
      (socket) => socket.send("\u001eerror:out of paper"),
      { code: 500, message: "out of paper" },
    ],
  ])("that is %s fails its call", async ([, act, want]) => {
    expect(await call((socket) => socket.on("message", () => act(socket)))).toMatchObject(want);
  });

  test("ends well, and at once, when the one reply is there", async () => {
    let code = 0;
    const client = await connect(
      () => undefined,
      (socket) => {
        socket.on("message", (data: Buffer) => {
          if (data.toString() === "\u001eend") socket.send('{"lines":7}');
        });
        socket.on("close", (received) => (code = received));
      },
    );
    expect(await client.dictate(each({ room: "a" }))).toMatchObject({ lines: 7 });
    await expect.poll(() => code).toBe(1000);
  });

  test("that brings much along with its handshake is slowed down by a reader that is slow", async () => {
    const frame = Buffer.from('\x81\x0b{"by":"ab"}', "latin1");
    const frames = Buffer.concat(Array<Buffer>(4000).fill(frame));
    const text = JSON.stringify({ text: "x".repeat(60_000) });
    const large = Buffer.concat([Buffer.from([0x81, 126, 0, 0]), Buffer.from(text)]);
    large.writeUInt16BE(text.length, 2);
    const limit = 64 * 1024 * 1024;
    let sent = 0;
    const server = await RawServer.listen((socket, request) => {
      const key = /^sec-websocket-key: (.*)\r$/im.exec(request)?.[1];
      if (key === undefined) return; // what the client sends later
      const head = [
        "HTTP/1.1 101 Switching Protocols",
        "Connection: Upgrade",
        "Upgrade: websocket",
        `Sec-WebSocket-Accept: ${acceptOf(key)}`,
      ].join("\r\n");
      const fill = () => {
        while (sent < limit && !socket.destroyed) {
          sent += large.length;
          if (!socket.write(large)) return;
        }
      };
      socket.on("drain", fill);
      socket.write(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), frames]));
      fill();
    });
    const client = new HttpClient({ endpoint: server.address });
    onTestFinished(() => client.close());
    const talk = createRoomsHttpClient(client).talk(
      (async function* () {
        yield { room: "a" };
        await new Promise(() => undefined);
      })(),
    );
    const replies = talk[Symbol.asyncIterator]();
    const first = replies.next();
    await settled(() => sent);
    expect(sent).toBeLessThan(limit);
    expect(await first).toMatchObject({ value: { by: "ab" } });
    await replies.return?.();
  });

  test("whose server is silent fails its call", async () => {
    const error = await call(() => undefined, { heartbeat: 20 });
    expect(error).toMatchObject({ code: 503, reason: "UNREACHABLE" });
  });

  test.for<[what: string, listener: RequestListener, want: object]>([
    [
      "an error of Kratos",
      (_request, response) => {
        response.writeHead(404, { "Content-Type": "application/json" });
        response.end('{"code":404,"reason":"NO_ROOM","message":"no room"}');
      },
      { code: 404, reason: "NO_ROOM" },
    ],
    [
      "a page",
      (_request, response) => response.writeHead(502).end("<html>"),
      { code: 502, message: "the service answered 502 Bad Gateway" },
    ],
    [
      "success",
      (_request, response) => response.end("{}"),
      { code: 500, message: "the service answered 200 OK and opened no WebSocket" },
    ],
  ])("that is refused with %s fails its call", async ([, listener, want]) => {
    const client = await connect(listener);
    expect(await failureOf(client.dictate(each({ room: "a" })))).toMatchObject(want);
  });

  /** A server that never gets to the end of this. */
  async function drip(start: string) {
    const server = createNetServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.write(start));
      const timer = setInterval(() => socket.write("x"), 10);
      socket.on("close", () => {
        clearInterval(timer);
        server.close();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return { endpoint: `127.0.0.1:${port}`, closed: once(server, "close") };
  }

  test.for<[what: string, start: string, want: object]>([
    ["header", "HTTP/1.1 101 Switching Protocols\r\nX-A: ", { code: 504 }],
    ["refusal", "HTTP/1.1 400 No\r\nContent-Length: 100000\r\n\r\n", { code: 400, reason: "" }],
  ])("whose %s comes in drops fails its call in time", async ([, start, want]) => {
    const { endpoint, closed } = await drip(start);
    const client = new HttpClient({ endpoint, timeout: 100 });
    const rooms = createRoomsHttpClient(client);
    expect(await failureOf(rooms.dictate(each({ room: "a" })))).toMatchObject(want);
    await closed;
    client.close();
  });

  test("lets go of a refusal that has no end when its call is over", async () => {
    const { endpoint, closed } = await drip("HTTP/1.1 400 No\r\nContent-Length: 100000\r\n\r\n");
    const client = new HttpClient({ endpoint, timeout: 0 });
    const rooms = createRoomsHttpClient(client);
    const call = rooms.dictate(each({ room: "a" }), { timeout: 100 });
    expect(await failureOf(call)).toMatchObject({ code: 504 });
    await closed;
    client.close();
  });

  test("may take for ever to open where there is no limit", async () => {
    const client = await connect(
      () => undefined,
      (socket) => socket.send('{"lines":7}'),
      { timeout: Number.POSITIVE_INFINITY },
    );
    expect(await client.dictate(each({ room: "a" }))).toMatchObject({ lines: 7 });
  });

  test("that is not answered fails its call in time", async () => {
    const client = await connect(() => undefined, undefined, { timeout: 50 });
    expect(await failureOf(client.dictate(each({ room: "a" })))).toMatchObject({
      code: 504,
      reason: "DEADLINE_EXCEEDED",
    });
  });
});
