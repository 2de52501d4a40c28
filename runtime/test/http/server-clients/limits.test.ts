import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import type { HttpServerOptions } from "@kratos-ts/runtime/http";
import { createAuthority } from "../../transport/certificates.ts";
import { buildSchema } from "../schema.ts";
import { parseResponse, type RawResponse, send, sendRaw, serveRules } from "../serve.ts";
import { serveRooms } from "../streams/rooms.ts";

const R = buildSchema()("test.v1.R");

function serve(options: HttpServerOptions = {}): Promise<number> {
  const rules = ["GET /v1", "POST /v1 body=*"];
  return serveRules(rules, R, R, (request) => request, options);
}

function open(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** What comes until the server closes the connection. */
async function untilClosed(socket: Socket): Promise<RawResponse> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return parseResponse(Buffer.concat(chunks).toString());
}

describe("a client that is too slow", () => {
  test.for<[title: string, text: string]>([
    ["says nothing", ""],
    ["does not finish its request line", "GET /v1 HT"],
    ["does not finish its headers", "GET /v1 HTTP/1.1\r\nHost: t\r\nX-A: 1\r\n"],
  ])("and %s is told so, and let go", async ([, text]) => {
    const port = await serve({ headersTimeout: 100 });
    const socket = open(port);
    if (text !== "") socket.write(text);
    const { status, body } = await untilClosed(socket);
    expect(status).toBe(408);
    expect(JSON.parse(body)).toMatchObject({ code: 408, reason: "CODEC" });
  });

  test("stays no longer for sending a header now and then", async () => {
    const port = await serve({ headersTimeout: 100 });
    const socket = open(port);
    socket.write("GET /v1 HTTP/1.1\r\nHost: t\r\n");
    const drip = setInterval(() => socket.write("X-A: 1\r\n"), 10);
    onTestFinished(() => clearInterval(drip));
    expect((await untilClosed(socket)).status).toBe(408);
  });

  test("with its body is let go also where calls have no deadline", async () => {
    const port = await serve({ timeout: 0, headersTimeout: 100, requestTimeout: 200 });
    const socket = open(port);
    socket.write("POST /v1 HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\n{");
    expect((await untilClosed(socket)).status).toBe(408);
  });

  test("harms nobody else", async () => {
    const port = await serve({ headersTimeout: 200 });
    const slow = Array.from({ length: 200 }, () => open(port));
    for (const socket of slow) socket.write("GET /v1 HTTP/1.1\r\nHost: t\r\nX-A: ");
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(port, "GET /v1")));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
    const ends = await Promise.all(slow.map(untilClosed));
    expect(new Set(ends.map(({ status }) => status))).toEqual(new Set([408]));
  });
});

describe("a head that is too large", () => {
  test.for<[title: string, request: string, status: number]>([
    ["headers", `GET /v1 HTTP/1.1\r\nHost: t\r\nX-A: ${"a".repeat(2000)}\r\n\r\n`, 431],
    ["URL", `GET /${"a".repeat(2000)} HTTP/1.1\r\nHost: t\r\n\r\n`, 414],
  ])("by its %s is refused", async ([, request, status]) => {
    const port = await serve({ maxHeaderBytes: 1024 });
    const response = await sendRaw(port, request);
    expect(response.status).toBe(status);
    expect(JSON.parse(response.body)).toMatchObject({ code: status });
  });

  test("may be configured to be none", async () => {
    const port = await serve({ maxHeaderBytes: 64 * 1024 });
    const headers = { "X-A": "a".repeat(40_000) };
    expect((await send(port, "GET /v1", undefined, headers)).status).toBe(200);
  });
});

describe("more connections than may be", () => {
  test("are told so, and find room once another one has gone", async () => {
    const port = await serve({ maxConnections: 2 });
    const held = [open(port), open(port)];
    await Promise.all(
      held.map((socket) => new Promise((resolve) => socket.once("connect", resolve))),
    );
    const refused = open(port);
    refused.write("GET /v1 HTTP/1.1\r\nHost: t\r\n\r\n");
    const { status, headers, body } = await untilClosed(refused);
    expect(status).toBe(503);
    expect(headers.get("connection")).toBe("close");
    expect(JSON.parse(body)).toMatchObject({ code: 503, reason: "TOO_MANY_CONNECTIONS" });
    held[0]!.destroy();
    let last = 503;
    while (last === 503) last = (await send(port, "GET /v1")).status;
    expect(last).toBe(200);
  });

  test("do not keep those that are open from being served", async () => {
    const port = await serve({ maxConnections: 1 });
    const held = open(port);
    await new Promise((resolve) => held.once("connect", resolve));
    const crowd = Array.from({ length: 200 }, () => open(port));
    await Promise.all(
      crowd.map((socket) => new Promise((resolve) => socket.once("close", resolve).resume())),
    );
    held.write("GET /v1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    expect((await untilClosed(held)).status).toBe(200);
  });

  test("are cut off before the hand-shake of TLS", async () => {
    const authority = createAuthority();
    const port = await serve({ maxConnections: 1, tls: authority.issue("server") });
    const held = connectTls({ port, host: "127.0.0.1", ca: authority.cert });
    onTestFinished(() => void held.destroy());
    await new Promise((resolve) => held.once("secureConnect", resolve));
    const refused = connectTls({ port, host: "127.0.0.1", ca: authority.cert });
    const error = await new Promise((resolve) => refused.once("error", resolve));
    expect(error).toBeInstanceOf(Error);
  });
});

test.for([["http/1.1"], ["h2"]])(
  "connections over TLS with %s make room when they close",
  async (ALPNProtocols) => {
    const authority = createAuthority();
    const port = await serve({ maxConnections: 1, tls: authority.issue("server") });
    const dial = () =>
      new Promise<Socket | undefined>((resolve) => {
        const options = { port, host: "127.0.0.1", ca: authority.cert, ALPNProtocols };
        const socket = connectTls(options, () => resolve(socket));
        socket.on("error", () => resolve(undefined));
        onTestFinished(() => void socket.destroy());
      });
    const held = await dial();
    expect(held).toBeDefined();
    expect(await dial()).toBeUndefined();
    held!.end();
    let next: Socket | undefined;
    while (next === undefined) next = await dial();
    expect(next.destroyed).toBe(false);
  },
);

test("a body that is too large is answered also where the connection is to close", async () => {
  const port = await serve();
  const body = Buffer.alloc(8 * 1024 * 1024, 0x20);
  const answers = await Promise.all(Array.from({ length: 10 }, () => send(port, "POST /v1", body)));
  expect(answers.map(({ status }) => status)).toEqual(Array<number>(10).fill(413));
});

test("thousands of parameters are refused at once", async () => {
  const port = await serve({ maxHeaderBytes: 256 * 1024 });
  const query = Array.from({ length: 10_000 }, (_, index) => `k${index}=v`).join("&");
  expect((await send(port, `GET /v1?${query}`)).status).toBe(400);
});

test("requests for other protocols leave nothing behind on their connection", async () => {
  const { port } = await serveRooms({});
  const warnings: string[] = [];
  const onWarning = ({ name }: Error) => warnings.push(name);
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  const socket = open(port);
  for (let count = 0; count < 20; count++) {
    socket.write("GET /x HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(String(await once(socket, "data"))).toContain("404 Not Found");
  }
  expect(warnings).toEqual([]);
});
