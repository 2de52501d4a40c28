import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { createWritableIterable } from "@connectrpc/connect/protocol";
import { once } from "node:events";
import {
  type ClientHttp2Stream,
  connect as connectHttp2,
  type IncomingHttpHeaders,
} from "node:http2";
import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { GrpcRouter } from "../../src/transport/method.ts";
import { Collect, Parrot, Repeat, Say } from "./parrot.ts";
import { envelope } from "./raw-call.ts";
import { ca, serveParrot } from "./serve-parrot.ts";

const transports = [
  ["Connect", createConnectTransport],
  ["gRPC-Web", createGrpcWebTransport],
  ["gRPC", createGrpcTransport],
] as const;

/** A promise, and what resolves it. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve = (_value: T): void => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** The head of a request whose body comes in chunks. */
function head(method: string, type: string): string {
  return `POST /test.parrot.v1.Parrot/${method} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`;
}

function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from("\r\n"),
  ]);
}

describe.for(transports)("a client of %s that gives up", ([, create]) => {
  test.for(["1.1", "2"] as const)("ends its call over HTTP/%s", async (httpVersion) => {
    const started = deferred<void>();
    const ended = deferred<unknown>();
    const { url } = await serveParrot({
      secure: true,
      timeout: 0,
      register: (router) =>
        router.handle(Say, (_words, { signal }) => {
          signal.addEventListener("abort", () => ended.resolve(signal.reason));
          started.resolve();
          return new Promise<never>(() => undefined);
        }),
    });
    const options = { baseUrl: url, nodeOptions: { ca } };
    const transport =
      httpVersion === "1.1"
        ? create({ ...options, httpVersion })
        : create({ ...options, httpVersion });
    const controller = new AbortController();
    const call = createClient(Parrot, transport).say({}, { signal: controller.signal });
    const outcome = call.catch((error: unknown) => ConnectError.from(error).code);
    await started.promise;
    controller.abort();
    expect(await outcome).toBe(Code.Canceled);
    expect(await ended.promise).toMatchObject({ code: 499, reason: "CLIENT_CLOSED" });
  });

  test("ends the stream that it reads", async () => {
    const released = deferred<void>();
    const { url } = await serveParrot({
      secure: true,
      register: (router) =>
        router.handle(Repeat, async function* (words) {
          try {
            for (;;) {
              yield words;
              await new Promise((resolve) => setImmediate(resolve));
            }
          } finally {
            released.resolve();
          }
        }),
    });
    const sessionManager = new Http2SessionManager(url, undefined, { ca });
    onTestFinished(() => sessionManager.abort());
    const client = createClient(Parrot, create({ baseUrl: url, httpVersion: "2", sessionManager }));
    const controller = new AbortController();
    const replies = client.repeat({ text: "a" }, { signal: controller.signal });
    const read = async (): Promise<void> => {
      for await (const _ of replies) controller.abort();
    };
    await expect(read()).rejects.toMatchObject({ code: Code.Canceled });
    await released.promise;
  });
});

test("a server that stops lets calls end", async () => {
  const started = deferred<void>();
  const go = deferred<void>();
  const { url, server } = await serveParrot({
    timeout: 0,
    register: (router) =>
      router.handle(Say, async (words) => {
        started.resolve();
        await go.promise;
        return words;
      }),
  });
  const transport = createConnectTransport({ baseUrl: url, httpVersion: "1.1" });
  const call = createClient(Parrot, transport).say({ text: "a" });
  await started.promise;
  const stopped = server.stop(new AbortController().signal);
  go.resolve();
  expect(await call).toMatchObject({ text: "a" });
  await stopped;
});

test("a server that stops at once ends calls with an error for their handlers", async () => {
  const started = deferred<void>();
  const ended = deferred<unknown>();
  const { url, server } = await serveParrot({
    timeout: 0,
    register: (router) =>
      router.handle(Collect, async (requests) => {
        started.resolve();
        try {
          for await (const _ of requests);
        } catch (error) {
          ended.resolve(error);
        }
        return {};
      }),
  });
  const socket = await openSocket(server.port!);
  expect(url).toContain(String(server.port));
  socket.write(head("Collect", "application/connect+json"));
  socket.write(chunk(envelope("{}")));
  await started.promise;
  await server.stop(AbortSignal.abort());
  expect(await ended.promise).toMatchObject({ code: 503, reason: "SERVER_STOPPED" });
});

test("a client that leaves in the middle of a message is noticed", async () => {
  const ended = deferred<unknown>();
  const { server } = await serveParrot({
    register: (router) =>
      router.handle(Collect, async (requests) => {
        try {
          for await (const _ of requests) socket.destroy();
        } catch (error) {
          ended.resolve(error);
        }
        return {};
      }),
  });
  const socket = await openSocket(server.port!);
  socket.write(head("Collect", "application/connect+json"));
  socket.write(chunk(Buffer.concat([envelope("{}"), envelope("{}").subarray(0, 6)])));
  expect(await ended.promise).toMatchObject({ code: 499, reason: "CLIENT_CLOSED" });
});

test("a body that does not come is answered when the time for requests is over", async () => {
  const { server } = await serveParrot({ requestTimeout: 200, timeout: 0 });
  const socket = await openSocket(server.port!);
  socket.write(head("Collect", "application/connect+json"));
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 408 /);
});

test("a stream of requests over HTTP/2 may take longer than other requests", async () => {
  const { url } = await serveParrot({ secure: true, requestTimeout: 100, timeout: 0 });
  const session = connectHttp2(url, { ca });
  onTestFinished(() => session.destroy());
  const open = (method: string, type: string): ClientHttp2Stream =>
    session.request({
      ":method": "POST",
      ":path": `/test.parrot.v1.Parrot/${method}`,
      "content-type": type,
    });
  const collect = open("Collect", "application/connect+json");
  collect.write(envelope('{"text":"a"}'));
  const late = open("Say", "application/json");
  late.write("{");
  const [headers] = (await once(late, "response")) as [IncomingHttpHeaders & { ":status": number }];
  expect(headers[":status"]).toBe(408);
  collect.end(envelope('{"text":"b"}'));
  const chunks: Buffer[] = [];
  for await (const part of collect) chunks.push(part as Buffer);
  expect(Buffer.concat(chunks).toString()).toContain('"text":"a b"');
});

test("a body that breaks the rules of HTTP is answered with 400", async () => {
  const { server } = await serveParrot({ timeout: 0 });
  const socket = await openSocket(server.port!);
  socket.write(`${head("Collect", "application/connect+json")}zz\r\n`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 400 /);
});

test("a message that is refused early leaves the connection to the next call", async () => {
  const { server } = await serveParrot({ maxBodyBytes: 1000 });
  const socket = await openSocket(server.port!);
  const text = `{"text":"${"x".repeat(500_000)}"}`;
  const type = "Content-Type: application/json";
  const line = "POST /test.parrot.v1.Parrot/Say HTTP/1.1\r\nHost: a\r\n";
  socket.write(`${line}${type}\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
  const [first] = (await once(socket, "data")) as [Buffer];
  expect(first.toString()).toMatch(/^HTTP\/1.1 429 /);
  socket.write(`${line}${type}\r\nContent-Length: 2\r\n\r\n{}`);
  const [second] = (await once(socket, "data")) as [Buffer];
  expect(second.toString()).toMatch(/^HTTP\/1.1 200 /);
});

/** Yields large messages until it is stopped, and says how many. */
function flood(progress: { sent: number }, released: () => void): (router: GrpcRouter) => void {
  const payload = new Uint8Array(64 * 1024);
  return (router) =>
    router.handle(Repeat, async function* () {
      try {
        for (;;) {
          progress.sent += 1;
          yield { payload };
        }
      } finally {
        released();
      }
    });
}

/** Resolves when `progress` has stood still for a while of the event loop. */
async function standstill(progress: { sent: number }): Promise<void> {
  for (let quiet = 0, seen = -1; quiet < 200;) {
    await new Promise((resolve) => setImmediate(resolve)); // oxlint-disable-line no-await-in-loop -- turn by turn
    quiet = progress.sent === seen && seen > 0 ? quiet + 1 : 0;
    seen = progress.sent;
  }
}

test("a client that does not read stops the handler over HTTP/1.1", async () => {
  const progress = { sent: 0 };
  const released = deferred<void>();
  const { server } = await serveParrot({ register: flood(progress, () => released.resolve()) });
  const socket = await openSocket(server.port!);
  socket.pause();
  socket.write(head("Repeat", "application/grpc-web+proto"));
  socket.write(chunk(envelope("")));
  socket.write("0\r\n\r\n");
  await standstill(progress);
  expect(progress.sent).toBeLessThan(500);
  socket.destroy();
  await released.promise;
});

test("a client that does not read stops the handler over HTTP/2", async () => {
  const progress = { sent: 0 };
  const released = deferred<void>();
  const { url } = await serveParrot({
    secure: true,
    register: flood(progress, () => released.resolve()),
  });
  const session = connectHttp2(url, { ca });
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": "/test.parrot.v1.Parrot/Repeat",
    "content-type": "application/connect+proto",
  });
  stream.on("error", () => undefined);
  stream.end(envelope(""));
  stream.pause();
  await standstill(progress);
  expect(progress.sent).toBeLessThan(500);
  stream.close();
  await released.promise;
});

test("a handler that does not read stops the client", async () => {
  const go = deferred<void>();
  const { url } = await serveParrot({
    secure: true,
    timeout: 0,
    register: (router) =>
      router.handle(Collect, async (requests) => {
        await go.promise;
        let count = 0n;
        for await (const _ of requests) count += 1n;
        return { count };
      }),
  });
  const sessionManager = new Http2SessionManager(url, undefined, { ca });
  onTestFinished(() => sessionManager.abort());
  const client = createClient(
    Parrot,
    createConnectTransport({ baseUrl: url, httpVersion: "2", sessionManager }),
  );
  const requests = createWritableIterable<{ payload: Uint8Array }>();
  const reply = client.collect(requests);
  const payload = new Uint8Array(64 * 1024);
  const progress = { sent: 0 };
  const sending = (async () => {
    while (progress.sent < 200) {
      await requests.write({ payload }); // oxlint-disable-line no-await-in-loop -- one after the other
      progress.sent += 1;
    }
    requests.close();
  })();
  await standstill(progress);
  expect(progress.sent).toBeLessThan(200);
  go.resolve();
  await sending;
  expect((await reply).count).toBe(200n);
});
