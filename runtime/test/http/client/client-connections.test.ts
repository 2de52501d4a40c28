import { HttpClient } from "@kratos-ts/runtime/http";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, brotliCompressSync, deflateSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { answering, createClient, outcomeOf, routeOf, outcomes } from "./client-setup.ts";
import { RawServer, response } from "../raw-server.ts";

const retry = { initialDelay: 1, maxDelay: 2 };

describe("connections", () => {
  test("are kept and used again", async () => {
    let connections = 0;
    const server = createHttpServer((_, reply) => reply.end("{}")).listen(0, "127.0.0.1");
    server.on("connection", () => (connections += 1));
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const client = createClient({ endpoint: `127.0.0.1:${port}` });
    await outcomes(client, 5, "POST /x body=*");
    expect(connections).toBe(1);
  });

  test("that the server has closed while idle fail no call", async () => {
    const server = await answering(1);
    const client = createClient({ endpoint: server.address, retry: false });
    for (let i = 0; i < 20; i++) {
      /* oxlint-disable no-await-in-loop -- one after the other */
      expect(await outcomeOf(client, "POST /x body=*")).toMatchObject({ n: 1 });
      const closed = [...server.sockets].map((socket) => once(socket.end(), "close"));
      await Promise.all(closed);
      /* oxlint-enable no-await-in-loop */
    }
    expect(server.requests).toHaveLength(20);
  });

  test("that the server closes just as a call goes out fail no call without effects", async () => {
    const used = new WeakSet<Socket>();
    const server = await RawServer.listen((socket) => {
      if (used.has(socket)) socket.resetAndDestroy();
      else socket.write(response('{"n":1}'));
      used.add(socket);
    });
    const client = createClient({ endpoint: server.address, retry });
    expect(await outcomes(client, 30)).toEqual(Array(30).fill(1));
  });

  test.for<[what: string, id: string, repeated: boolean]>([
    ["less than 16 KiB", "é".repeat(8187), true],
    ["16 KiB", "é".repeat(8187) + "x", false],
    ["24 KiB in half as many characters", "日".repeat(8187), false],
  ])("that are lost under a body of %s", async ([, id, repeated]) => {
    const server = await answering(7);
    const client = createClient({ endpoint: server.address, retry });
    const call = client.method(routeOf("POST /x body=*"));
    await call({} as never);
    // In the same turn, so that nobody knows of it before the body is written.
    for (const socket of server.sockets) socket.resetAndDestroy();
    const outcome = await call({ id } as never).catch((error: unknown) => error);
    expect(outcome).toMatchObject(repeated ? { n: 7 } : { code: 503, reason: "UNREACHABLE" });
  });

  test("on which the server said more than it was asked are not used again", async () => {
    let count = 0;
    const server = await RawServer.listen((socket) => {
      count += 1;
      socket.write(response(`{"n":${count}}`) + response('{"n":666}'));
    });
    const client = createClient({ endpoint: server.address });
    expect(await outcomes(client, 3, "POST /x body=*")).toEqual([1, 2, 3]);
  });

  test("on which the server speaks unasked later are not used again", async () => {
    let count = 0;
    const server = await RawServer.listen((socket) => {
      count += 1;
      socket.write(response(`{"n":${count}}`));
    });
    const client = createClient({ endpoint: server.address });
    for (let i = 1; i <= 5; i++) {
      /* oxlint-disable no-await-in-loop -- one after the other */
      expect(await outcomeOf(client, "POST /x body=*")).toMatchObject({ n: i });
      const [socket] = server.sockets;
      socket!.write(response('{"n":666}'));
      await once(socket!, "close");
      /* oxlint-enable no-await-in-loop */
    }
  });

  test("close with the client when they are free, others when they become so", async () => {
    let finish = (): void => undefined;
    const server = await RawServer.listen((socket, request) => {
      if (request.startsWith("GET /slow")) finish = () => void socket.write(response('{"n":5}'));
      else socket.write(response());
    });
    const client = new HttpClient({ endpoint: server.address });
    const slow = outcomeOf(client, "GET /slow");
    await outcomeOf(client, "GET /x");
    const [busy, free] = [...server.sockets];
    client.close();
    await once(free!, "close");
    const closed = once(busy!, "close");
    finish();
    expect(await slow).toMatchObject({ n: 5 });
    await closed;
  });

  test("end with a call that is aborted", async () => {
    const controller = new AbortController();
    let closed: Promise<unknown> | undefined;
    const server = await RawServer.listen((socket) => {
      closed = once(socket, "close");
      controller.abort();
    });
    const client = createClient({ endpoint: server.address });
    const { signal } = controller;
    expect(await outcomeOf(client, "GET /x", { signal })).toMatchObject({ code: 499 });
    await closed;
  });

  test.for(["s", "a:b", "a b", "%20", "ä?b#c"])("go over the Unix socket %j", async (name) => {
    const folder = await mkdtemp(join(tmpdir(), "kratos-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, name);
    const server = createHttpServer((request, reply) => {
      reply.end(`{"id":"${request.headers.host} ${request.url}"}`);
    }).listen(path);
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const client = createClient({ endpoint: `unix://${path}` });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ id: "localhost /x" });
  });

  test.for<[encoding: string, pack: (text: string) => Buffer]>([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ])("unpack %s", async ([encoding, pack]) => {
    const server = await RawServer.listen((socket) => {
      const body = pack('{"n":3}');
      const head = `Content-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n`;
      socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${head}\r\n`), body]));
    });
    const client = createClient({ endpoint: server.address });
    expect(await outcomes(client, 2)).toEqual([3, 3]);
  });

  test.for(["gzip", "br", "deflate"])(
    "an empty reply may say that it is packed as %s",
    async (type) => {
      const server = await RawServer.listen(
        (socket) => void socket.write(response("", "200 OK", `Content-Encoding: ${type}\r\n`)),
      );
      const client = createClient({ endpoint: server.address });
      expect(await outcomeOf(client, "GET /x")).toMatchObject({ n: 0 });
    },
  );

  test("carry headers in Latin-1 beside a body in UTF-8, and values that are names", async () => {
    let seen = "";
    const ownHost = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const server = createHttpServer((request, reply) => {
      const { host, "x-a": a } = request.headers;
      request.on("data", (data) => (seen = `${a} ${host === ownHost() ? "ok" : host} ${data}`));
      request.on("end", () => reply.end("{}"));
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const client = createClient({ endpoint: ownHost(), headers: { "x-a": "é", "x-b": "host" } });
    await client.method(routeOf("POST /x body=*"))({ id: "日" } as never);
    expect(seen).toBe('é ok {"id":"日"}');
  });

  test.for<[what: string, answer: string, code: number]>([
    ["packed badly", response("x", "404 No", "Content-Encoding: gzip\r\n"), 404],
    ["packed unknown", response("x", "404 No", "Content-Encoding: zstd\r\n"), 404],
    ["too large", response("x".repeat(2000), "401 No"), 401],
    ["cut", "HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\n{", 401],
    ["cut, of what is not to be done twice", "HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\n{", 500],
  ])(
    "an error whose body is %s is known by its status, and not repeated",
    async ([, answer, code]) => {
      const server = await RawServer.listen((socket) => void socket.end(answer));
      const client = createClient({ endpoint: server.address, retry, maxReceiveBytes: 1000 });
      const message = `the service answered ${code} No`;
      const error = await outcomeOf(client, "GET /x");
      expect(error).toMatchObject({ code, reason: "", message, cause: expect.any(Error) });
      expect(server.requests).toHaveLength(1);
    },
  );

  test("an error whose body is cut is repeated where its status is", async () => {
    let count = 0;
    const server = await RawServer.listen((socket) => {
      if (count++ === 0) socket.end("HTTP/1.1 503 No\r\nContent-Length: 100\r\n\r\n{");
      else socket.write(response('{"n":7}'));
    });
    const client = createClient({ endpoint: server.address, retry });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ n: 7 });
  });

  test.for(["gzip", "br", "deflate", "zstd"])(
    "a reply packed badly as %s is 500",
    async (encoding) => {
      const server = await RawServer.listen(
        (socket) =>
          void socket.write(
            response("this is not packed", "200 OK", `Content-Encoding: ${encoding}\r\n`),
          ),
      );
      const client = createClient({ endpoint: server.address });
      expect(await outcomeOf(client, "GET /x")).toMatchObject({ code: 500, reason: "CODEC" });
    },
  );
});
