import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import type { HttpServerOptions } from "@kratos-ts/runtime/http";
import { clientPreface, FrameFlag, FrameType } from "../../../src/transport/http2/stack/frame.ts";
import { createDeferred } from "../../grpc/deferred.ts";
import { block, frame, ping, RawClient, reset, settings } from "../../http2/raw-client.ts";
import { createAuthority } from "../../transport/certificates.ts";
import { serveRooms } from "../streams/rooms.ts";
import { appInfo, createTestServer } from "../serve.ts";

const authority = createAuthority();
const { HEADERS, CONTINUATION, DATA } = FrameType;
const { END_HEADERS, END_STREAM } = FrameFlag;

/** A server with a handler that waits, and one that does not; counts the calls that wait. */
async function serve(options: HttpServerOptions = {}) {
  const counts = { begun: 0, open: 0, most: 0 };
  const server = createTestServer({
    tls: authority.issue("server"),
    timeout: 0,
    sendTimeout: 200,
    idleTimeout: 200,
    ...options,
  });
  server.route("GET", "/slow", async (_request, { signal }) => {
    counts.begun++;
    counts.most = Math.max(counts.most, ++counts.open);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    counts.open--;
    return { body: "slow" };
  });
  server.route("GET", "/", () => ({ body: "ok" }));
  await server.start(appInfo);
  return { port: server.port!, counts };
}

async function dial(port: number, protocols?: string[]): Promise<TLSSocket> {
  const options = protocols === undefined ? {} : { ALPNProtocols: protocols };
  const socket = connectTls({ port, host: "127.0.0.1", ca: authority.cert, ...options });
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
  return socket;
}

async function openRaw(port: number): Promise<RawClient> {
  const client = new RawClient(await dial(port, ["h2"]));
  client.send(Buffer.from(clientPreface), settings());
  return client;
}

const fields = (path: string) =>
  block([":method", "GET"], [":scheme", "https"], [":path", path], [":authority", "t"]);

function get(id: number, path: string): Buffer {
  return frame(HEADERS, END_HEADERS | END_STREAM, id, fields(path));
}

/** What somebody else gets meanwhile. */
async function askAgain(port: number): Promise<unknown> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: authority.cert });
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":path": "/" });
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  session.close();
  return headers[":status"];
}

/** Sends a piece over and over, as fast as it goes, until the server has closed the connection. */
async function flood(client: RawClient, next: (round: number) => Buffer): Promise<void> {
  for (let round = 0; round < 2000 && !client.isClosed; round++) {
    if (!client.socket.write(next(round))) {
      await Promise.race([once(client.socket, "drain"), client.closed]).catch(() => undefined);
    }
  }
  await client.closed;
}

const many = (count: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));

describe("a flood ends its own connection and nobody else's:", () => {
  test.for<[what: string, reads: boolean, start: Buffer, next: (round: number) => Buffer]>([
    [
      "CONTINUATION without an end",
      true,
      frame(HEADERS, END_STREAM, 1, fields("/slow")),
      () => many(100, () => frame(CONTINUATION, 0, 1, block(["x", "y".repeat(100)]))),
    ],
    [
      "CONTINUATION without a byte",
      true,
      frame(HEADERS, END_STREAM, 1, fields("/slow")),
      () => many(100, () => frame(CONTINUATION, 0, 1)),
    ],
    [
      "requests that are reset at once",
      true,
      Buffer.alloc(0),
      (round) =>
        many(100, (index) => {
          const id = 2 * (round * 100 + index) + 1;
          return Buffer.concat([get(id, "/slow"), reset(id, 8)]);
        }),
    ],
    ["PING, answers unread", false, get(1, "/slow"), () => many(4000, () => ping)],
    ["SETTINGS, answers unread", false, get(1, "/slow"), () => many(4000, () => settings([4, 1]))],
    [
      "data for nobody",
      true,
      Buffer.alloc(0),
      () => many(100, () => frame(DATA, 0, 1, Buffer.alloc(100))),
    ],
  ])("%s", async ([, reads, start, next]) => {
    const { port, counts } = await serve();
    const client = await openRaw(port);
    await client.settle();
    client.send(start);
    if (!reads) client.socket.pause();
    const flooded = flood(client, next);
    expect(await askAgain(port)).toBe(200);
    await flooded;
    expect(counts.most).toBeLessThanOrEqual(128);
    expect(counts.begun).toBeLessThan(5000);
    expect(await askAgain(port)).toBe(200);
  });

  test("more requests than may be under way", async () => {
    const { port, counts } = await serve();
    const client = await openRaw(port);
    await client.settle();
    client.send(many(200, (index) => get(2 * index + 1, "/slow")));
    await client.closed;
    expect(counts.most).toBe(128);
    expect(await askAgain(port)).toBe(200);
  });
});

test("a fault of the client ends the streams of its connection, though nothing goes over it", async () => {
  const aborted = createDeferred();
  const { port } = await serveRooms(
    {
      async *listen(_request, { signal }) {
        signal.addEventListener("abort", () => aborted.resolve());
        for (;;) yield { text: "x".repeat(1000) };
      },
    },
    { tls: authority.issue("server"), sendTimeout: 200 },
  );
  const client = await openRaw(port);
  client.send(get(1, "/v1/rooms/a/lines"));
  await client.find(({ type }) => type === DATA);
  client.send(frame(DATA, 0, 101, Buffer.alloc(100)));
  await aborted.promise;
  await expect(client.closed).resolves.toBeUndefined();
});

describe("a client", () => {
  test.for<[what: string, protocols: string[] | undefined, options: HttpServerOptions]>([
    ["that offers no protocol", undefined, {}],
    ["that offers HTTP/1.1 alone", ["http/1.1"], {}],
    ["that offers both to a server without HTTP/2", ["h2", "http/1.1"], { http2: false }],
  ])("%s gets HTTP/1.1", async ([, protocols, options]) => {
    const { port } = await serve(options);
    const socket = await dial(port, protocols);
    socket.write("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n.*ok$/s);
  });

  test.for<[what: string, protocols: string[], options: HttpServerOptions]>([
    ["that offers nothing the server knows", ["spdy/3"], {}],
    ["that wants HTTP/2 of a server without it", ["h2"], { http2: false }],
  ])("%s is refused in the hand-shake", async ([, protocols, options]) => {
    const { port } = await serve(options);
    await expect(dial(port, protocols)).rejects.toThrow(/no application protocol/);
  });

  test.for<[what: string, protocol: string, text: string]>([
    ["HTTP/1.1 after it has agreed to HTTP/2", "h2", "GET / HTTP/1.1\r\nHost: t\r\n\r\n"],
    ["HTTP/2 after it has agreed to HTTP/1.1", "http/1.1", clientPreface],
    ["nothing that is HTTP", "h2", "\0".repeat(100)],
  ])("that speaks %s is closed", async ([, protocol, text]) => {
    const { port } = await serve();
    const socket = await dial(port, [protocol]);
    socket.on("error", () => undefined);
    socket.resume().write(text);
    await once(socket, "close");
    expect(await askAgain(port)).toBe(200);
  });
});
