import {
  type Discovery,
  KratosError,
  MemoryRegistry,
  type ServiceInstance,
} from "@kratos-ts/runtime";
import { HttpClient } from "@kratos-ts/runtime/http";
import { RoundRobinBalancer, versionFilter } from "@kratos-ts/runtime/selector";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, brotliCompressSync, deflateSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { createClient, outcomeOf, routeOf } from "./client-setup.ts";
import { appInfo, createTestServer } from "./serve.ts";
import { findClosedPort, RawServer, response } from "./raw-server.ts";

const never = new AbortController().signal;
const patient = { timeout: 20_000 };
const retry = { initialDelay: 1, maxDelay: 2 };

function instance(id: string, endpoints: readonly string[], more: object = {}): ServiceInstance {
  return { id, name: "orders", version: "1", metadata: {}, endpoints, ...more };
}

function answering(n: number): Promise<RawServer> {
  return RawServer.listen((socket) => void socket.write(response(`{"n":${n}}`)));
}

async function outcomes(client: HttpClient, count: number, rule = "GET /x"): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let i = 0; i < count; i++) {
    const outcome = await outcomeOf(client, rule); // oxlint-disable-line no-await-in-loop -- one after the other
    all.push(outcome instanceof KratosError ? outcome.reason : outcome.n);
  }
  return all;
}

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

  test("go over a Unix socket", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kratos-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, "s");
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

describe("redirects", () => {
  test("of calls without effects are followed, without secrets for others", async () => {
    const seen: string[] = [];
    const other = await RawServer.listen((socket, request) => {
      seen.push(request);
      socket.write(response('{"n":2}'));
    });
    const server = await RawServer.listen((socket, request) => {
      const target = request.startsWith("GET /x ") ? "/y" : `http://${other.address}/z?a=b`;
      seen.push(request);
      socket.write(response("", "302 Found", `Location: ${target}\r\n`));
    });
    const headers = { Authorization: "secret", Cookie: "secret", "X-A": "1" };
    const client = createClient({ endpoint: server.address, headers });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ n: 2 });
    expect(seen[1]).toMatch(/^GET \/y /);
    expect(seen[1]).toContain("secret");
    expect(seen[2]).toMatch(/^GET \/z\?a=b /);
    expect(seen[2]).not.toContain("secret");
    expect(seen[2]).toMatch(/^x-a: 1\r$/im);
    expect(seen[2]).toMatch(new RegExp(`^host: ${other.address}\r$`, "im"));
  });

  test("to where nobody is are the fault of that place, and not of the server", async () => {
    const gone = `127.0.0.1:${await findClosedPort()}`;
    const servers = await Promise.all(
      [1, 2].map(() =>
        RawServer.listen((socket, request) => {
          const field = `Location: http://${gone}/z\r\n`;
          const away = request.startsWith("GET /away ");
          socket.write(away ? response("", "302 Found", field) : response());
        }),
      ),
    );
    const endpoint = `direct:///${servers.map(({ address }) => address).join(",")}`;
    const client = createClient({ endpoint, retry: false, balancer: new RoundRobinBalancer() });
    const error = await outcomeOf(client, "GET /away");
    expect(error).toMatchObject({ code: 503, reason: "UNREACHABLE" });
    expect((error as KratosError).message).toContain(`"http://${gone}"`);
    for (let i = 0; i < 4; i++) await outcomeOf(client, "GET /x");
    expect(servers.map(({ requests }) => requests.length).toSorted()).toEqual([2, 3]);
  });

  test("in a circle end as an error", async () => {
    const server = await RawServer.listen(
      (socket) => void socket.write(response("", "302 Found", "Location: /x\r\n")),
    );
    const client = createClient({ endpoint: server.address });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ code: 302, reason: "REDIRECT" });
    expect(server.requests).toHaveLength(6);
  });

  test.for(["file:///etc/passwd", "javascript:1", "//", "http://a b"])(
    "to %s are not followed",
    async (location) => {
      const server = await RawServer.listen(
        (socket) => void socket.write(response("", "302 Found", `Location: ${location}\r\n`)),
      );
      const client = createClient({ endpoint: server.address });
      expect(await outcomeOf(client, "GET /x")).toMatchObject({
        code: 302,
        metadata: { location },
      });
    },
  );
});

describe("several servers", () => {
  test("are called in turn", async () => {
    const servers = await Promise.all([1, 2, 3].map(answering));
    const endpoint = `direct:///${servers.map(({ address }) => address).join(",")}`;
    const client = createClient({ endpoint });
    expect((await outcomes(client, 9)).toSorted()).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
  });

  test("of which one is dead fail no call, and the dead one is left alone", async () => {
    const servers = await Promise.all(Array.from({ length: 9 }, (_, i) => answering(i + 1)));
    const addresses = [
      ...servers.map(({ address }) => address),
      `127.0.0.1:${await findClosedPort()}`,
    ];
    const client = createClient({ endpoint: `direct:///${addresses.join(",")}`, timeout: 10_000 });
    const all = await Promise.all(
      Array.from({ length: 100 }, () => outcomeOf(client, "POST /x body=*")),
    );
    expect(all.filter((outcome) => outcome instanceof KratosError)).toEqual([]);
    for (const server of servers) expect(server.requests.length).toBeGreaterThan(5);
  });

  test("of which one dies in the middle of a call: what it had is done by another", async () => {
    const dying = await RawServer.listen((socket) => void socket.destroy());
    const live = await answering(2);
    const client = createClient({ endpoint: `direct:///${dying.address},${live.address}`, retry });
    expect(await outcomes(client, 4)).toEqual([2, 2, 2, 2]);
  });

  test("all dead: the reason is told", async () => {
    const client = createClient({
      endpoint: `direct:///127.0.0.1:${await findClosedPort()},127.0.0.1:${await findClosedPort()}`,
    });
    const error = await outcomeOf(client, "GET /x");
    expect(error).toMatchObject({ code: 503, reason: "UNREACHABLE" });
    expect(error).toMatchObject({ message: expect.stringContaining("ECONNREFUSED") as string });
  });

  test("the context names the one that was called", async () => {
    const server = await answering(1);
    let peer = "";
    const client = createClient({
      endpoint: `direct:///${server.address}`,
      middleware: [
        (next) => async (request, context) => {
          const reply = await next(request, context);
          ({ peer } = context);
          return reply;
        },
      ],
    });
    await outcomeOf(client, "GET /x");
    expect(peer).toBe(server.address);
  });
});

describe("discovery", () => {
  test("finds instances by their http endpoint", async () => {
    const registry = new MemoryRegistry();
    const server = await answering(1);
    const endpoints = ["grpc://127.0.0.1:1", `http://${server.address}`];
    await registry.register(instance("a", endpoints), never);
    const client = createClient({ endpoint: "discovery:///orders", discovery: registry });
    expect(await outcomes(client, 2)).toEqual([1, 1]);
  });

  test("without an instance is 503", async () => {
    const discovery = new MemoryRegistry();
    const client = createClient({ endpoint: "discovery:///orders", discovery });
    const error = await outcomeOf(client, "GET /x");
    expect(error).toMatchObject({ code: 503, reason: "NODE_NOT_FOUND" });
    const server = await answering(1);
    await discovery.register(instance("a", [`http://${server.address}`]), never);
    await expect.poll(() => outcomes(client, 1), patient).toEqual([1]);
  });

  test("that is missing is told at once", () => {
    expect(() => new HttpClient({ endpoint: "discovery:///orders" })).toThrow(
      '"discovery:///orders" needs the option "discovery"',
    );
  });

  test("calls that were given up do not disturb others that wait for the first answer", async () => {
    const server = await answering(7);
    const answered = new AbortController();
    const slow: Discovery = {
      getService: () => Promise.resolve([]),
      async *watch(_name, signal) {
        await once(answered.signal, "abort");
        yield [instance("a", [`http://${server.address}`])];
        await once(signal, "abort");
      },
    };
    const client = createClient({ endpoint: "discovery:///orders", discovery: slow });
    const waiting = outcomes(client, 1);
    const hurried = await outcomeOf(client, "GET /x", { timeout: 20 });
    expect(hurried).toMatchObject({ code: 504 });
    const more = outcomes(client, 1);
    answered.abort();
    expect([await waiting, await more, await outcomes(client, 1)]).toEqual([[7], [7], [7]]);
  });

  test("a call waits for the first answer no longer than it may", async () => {
    const silent = {
      getService: () => Promise.resolve([]),
      async *watch(_: string, signal: AbortSignal) {
        await once(signal, "abort");
        yield [];
      },
    };
    const client = createClient({
      endpoint: "discovery:///orders",
      discovery: silent,
      timeout: 30,
    });
    expect(await outcomeOf(client, "GET /x")).toMatchObject({ code: 504 });
  });

  test("filters choose among versions", async () => {
    const registry = new MemoryRegistry();
    const [old, young] = [await answering(1), await answering(2)];
    await registry.register(instance("a", [`http://${old.address}`]), never);
    const second = instance("b", [`http://${young.address}`], { version: "2" });
    await registry.register(second, never);
    const options = { endpoint: "discovery:///orders", discovery: registry };
    const client = createClient({ ...options, filters: [versionFilter("2")] });
    expect(await outcomes(client, 3)).toEqual([2, 2, 2]);
    const none = createClient({ ...options, filters: [versionFilter("3")] });
    expect(await outcomes(none, 1)).toEqual(["NODE_NOT_FOUND"]);
  });

  test("a rolling replacement of servers that stop in order fails no call at all", async () => {
    const registry = new MemoryRegistry();
    const start = async (id: string) => {
      const server = createTestServer();
      server.handle(routeOf("POST /x body=*"), () => ({ n: 1 }) as never);
      await server.start(appInfo);
      const entry = instance(id, [`http://127.0.0.1:${server.port}`]);
      await registry.register(entry, never);
      return async () => {
        await registry.deregister(entry, never);
        await server.stop(never);
      };
    };
    const running = [await start("0"), await start("1")];
    const options = { endpoint: "discovery:///orders", discovery: registry, timeout: 20_000 };
    const client = createClient(options);
    const stop = new AbortController();
    const failures: unknown[] = [];
    let calls = 0;
    const load = Array.from({ length: 4 }, async () => {
      while (!stop.signal.aborted) {
        const outcome = await outcomeOf(client, "POST /x body=*"); // oxlint-disable-line no-await-in-loop -- one after the other
        if (outcome instanceof KratosError) failures.push(outcome);
        calls += 1;
      }
    });
    for (let round = 2; round < 8; round++) {
      /* oxlint-disable no-await-in-loop -- one after the other */
      running.push(await start(String(round)));
      await running.shift()!();
      /* oxlint-enable no-await-in-loop */
    }
    stop.abort();
    await Promise.all(load);
    expect(failures).toEqual([]);
    expect(calls).toBeGreaterThan(20);
  });

  test("a rolling replacement of all instances fails no call without effects", async () => {
    const registry = new MemoryRegistry();
    const start = async (id: string) => {
      const server = await answering(1);
      const entry = instance(id, [`http://${server.address}`]);
      await registry.register(entry, never);
      return async () => {
        // Dies before it is taken out: the worst order.
        server.die();
        await outcomeOf(client, "GET /x");
        await registry.deregister(entry, never);
      };
    };
    const client = createClient({
      endpoint: "discovery:///orders",
      discovery: registry,
      timeout: 20_000,
    });
    const running = [await start("0"), await start("1"), await start("2")];
    const stop = new AbortController();
    let calls = 0;
    const failures: unknown[] = [];
    const load = Array.from({ length: 4 }, async () => {
      while (!stop.signal.aborted) {
        const outcome = await outcomeOf(client, "GET /x"); // oxlint-disable-line no-await-in-loop -- one after the other
        if (outcome instanceof KratosError) failures.push(outcome);
        calls += 1;
      }
    });
    for (let round = 3; round < 9; round++) {
      /* oxlint-disable no-await-in-loop -- one after the other */
      running.push(await start(String(round)));
      await running.shift()!();
      /* oxlint-enable no-await-in-loop */
    }
    stop.abort();
    await Promise.all(load);
    expect(failures).toEqual([]);
    expect(calls).toBeGreaterThan(20);
  });
});
