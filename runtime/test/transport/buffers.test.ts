import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GrpcServer } from "@kratos-ts/runtime/grpc";
import { HttpServer } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { connect as connectHttp2 } from "node:http2";
import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Collect, Echo, EchoReplySchema, EchoRequestSchema, Repeat } from "../grpc/echo-schema.ts";
import { connectKratos } from "../grpc/kratos-peer.ts";
import { appInfo } from "../http/serve.ts";

const route = { ...Echo, bindings: [{ method: "POST", path: "/echo", body: "*" }] as const };

/** Bytes that say which message they belong to. */
function bytesOf(index: number, size: number): Uint8Array {
  return new Uint8Array(size).fill(index & 0xff);
}

async function serveHttp(
  handler: Parameters<
    typeof HttpServer.prototype.handle<(typeof Echo)["input"], (typeof Echo)["output"]>
  >[1],
) {
  const server = new HttpServer({ addr: "127.0.0.1:0", logger: silentLogger, timeout: 0 });
  server.handle(route, handler);
  await server.start(appInfo);
  onTestFinished(() => server.stop(AbortSignal.abort()));
  return server.port!;
}

function httpRequest(body: Uint8Array): Buffer {
  const head = `POST /echo HTTP/1.1\r\nHost: t\r\nContent-Type: application/proto\r\nAccept: application/proto\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** What a handler has kept of its requests must be as it was, and hold on to nothing else. */
function expectIntact(kept: readonly { payload: Uint8Array; count: number }[], size: number): void {
  for (const { payload, count } of kept) {
    expect(Buffer.compare(payload, bytesOf(count, size))).toBe(0);
    expect(payload.buffer.byteLength).toBe(size);
  }
}

test.for([16, 1000, 100_000])(
  "messages of HTTP requests with %d bytes stay as they came, and hold nothing else",
  async (size) => {
    const kept: { payload: Uint8Array; count: number }[] = [];
    const port = await serveHttp(({ payload, count }) => {
      kept.push({ payload, count });
      return {};
    });
    const socket = connect(port, "127.0.0.1").resume();
    onTestFinished(() => void socket.destroy());
    const rounds = size > 1000 ? 20 : 300;
    for (let count = 0; count < rounds; count++) {
      const message = { text: "x".repeat(3000), payload: bytesOf(count, size), count };
      socket.write(httpRequest(toBinary(EchoRequestSchema, create(EchoRequestSchema, message))));
    }
    while (kept.length < rounds) await once(socket, "data");
    expect(kept).toHaveLength(rounds);
    expectIntact(kept, size);
  },
);

test.for([16, 1000, 100_000])(
  "messages of gRPC streams with %d bytes stay as they came, and hold nothing else",
  async (size) => {
    const kept: { payload: Uint8Array; count: number }[] = [];
    const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger });
    server.handle(Collect, async (requests) => {
      for await (const { payload, count } of requests) kept.push({ payload, count });
      return {};
    });
    await server.start(appInfo);
    onTestFinished(() => server.stop(AbortSignal.abort()));
    const rounds = size > 1000 ? 20 : 1000;
    await connectKratos(`127.0.0.1:${server.port}`).collect(
      (async function* () {
        for (let count = 0; count < rounds; count++) {
          yield { text: "x".repeat(500), payload: bytesOf(count, size), count };
        }
      })(),
    );
    expect(kept).toHaveLength(rounds);
    expectIntact(kept, size);
  },
);

test("replies that wait for a slow HTTP client are sent as they were encoded", async () => {
  const served: number[] = [];
  const rounds = 2000;
  const port = await serveHttp(({ count }) => {
    served.push(count);
    return { count, payload: bytesOf(count, 3000) };
  });
  // Two connections, one of which does not read until the other has made the server encode more.
  const slow = connect(port, "127.0.0.1").pause();
  const quick = connect(port, "127.0.0.1").resume();
  onTestFinished(() => {
    slow.destroy();
    quick.destroy();
  });
  const request = (count: number) =>
    httpRequest(toBinary(EchoRequestSchema, create(EchoRequestSchema, { count })));
  slow.write(Buffer.concat(Array.from({ length: rounds }, (_, count) => request(count))));
  while (served.length < 100) await new Promise(setImmediate);
  for (let count = 0; count < 500; count++) {
    quick.write(request(count + 7));
    await new Promise(setImmediate);
  }
  let bytes = Buffer.alloc(0);
  let count = 0;
  for await (const chunk of slow.resume()) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    for (;;) {
      const head = bytes.indexOf("\r\n\r\n") + 4;
      const length = Number(/Content-Length: (\d+)/.exec(bytes.toString("latin1", 0, head))?.[1]);
      if (head < 4 || bytes.length < head + length) break;
      const reply = fromBinary(EchoReplySchema, bytes.subarray(head, head + length));
      expect(reply.count).toBe(count);
      expect(Buffer.compare(reply.payload, bytesOf(count, 3000))).toBe(0);
      bytes = bytes.subarray(head + length);
      count++;
    }
    if (count === rounds) break;
  }
  expect(count).toBe(rounds);
});

test("replies that wait for a slow gRPC client are sent as they were encoded", async () => {
  const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger });
  const rounds = 3000;
  let sent = 0;
  server.handle(Repeat, async function* () {
    for (let count = 0; count < rounds; count++) {
      sent++;
      yield { count, payload: bytesOf(count, 700) };
    }
  });
  server.handle(Echo, ({ count }) => ({ count, payload: bytesOf(count, 700) }));
  await server.start(appInfo);
  onTestFinished(() => server.stop(AbortSignal.abort()));
  const address = `127.0.0.1:${server.port}`;
  const session = connectHttp2(`http://${address}`);
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": Repeat.operation,
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.end(Buffer.alloc(5));
  await once(stream, "response"); // and nothing is read: the windows fill
  const client = connectKratos(address);
  for (let count = 0; count < 300; count++) await client.echo({ count });
  expect(sent).toBeLessThan(rounds);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  let at = 0;
  let count = 0;
  for (; at < bytes.length; count++) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    const reply = fromBinary(EchoReplySchema, bytes.subarray(at + 5, end));
    expect(reply.count).toBe(count);
    expect(Buffer.compare(reply.payload, bytesOf(count, 700))).toBe(0);
    at = end;
  }
  expect(count).toBe(rounds);
});
