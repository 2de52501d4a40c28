import type { DescMessage } from "@bufbuild/protobuf";
import { KratosError } from "@kratos-ts/runtime";
import { HttpServer, RouteConflictError, RouteRuleError } from "@kratos-ts/runtime/http";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { UnaryHandler } from "../../src/transport/method.ts";
import { buildSchema } from "./schema.ts";
import { appInfo, createTestServer, parseRule, send } from "./serve.ts";

const R = buildSchema()("test.v1.R");

type Handle = UnaryHandler<DescMessage, DescMessage>;

function addRule(
  server: HttpServer,
  rule: string,
  handler: Handle,
  operation = "/test.v1.Test/Do",
) {
  server.handle({ operation, input: R, output: R, bindings: [parseRule(rule)] }, handler);
}

/** A promise and what settles it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

function dial(server: HttpServer): Socket {
  const socket = connect(server.port!, "127.0.0.1");
  socket.on("error", () => undefined); // a test may end before all is read
  onTestFinished(() => void socket.destroy());
  return socket;
}

const never = new AbortController().signal;
const get = "GET /v1 HTTP/1.1\r\nHost: t\r\n\r\n";

describe("handle", () => {
  test("refuses two operations with the same requests, and names both", () => {
    const server = new HttpServer();
    addRule(server, "GET /v1/{id}", () => ({}), "/a.A/Get");
    const add = () => addRule(server, "GET /v1/{name}", () => ({}), "/a.A/Find");
    expect(add).toThrow(RouteConflictError);
    expect(add).toThrow(/"\/a\.A\/Get" \(GET \/v1\/{id}\) and "\/a\.A\/Find" \(GET \/v1\/{name}\)/);
  });

  test.for<[rule: string, message: RegExp]>([
    ["GET v1", /"\/test\.v1\.Test\/Do" cannot be served: invalid path template "v1" at offset 0/],
    ["GET /v1/{missing}", /GET \/v1\/{missing}: "test\.v1\.R" has no field "missing".*it has "id"/],
    ["GET /v1/{displayName}", /has no field "displayName"/],
    ["GET /v1/{tags}", /"tags", which is repeated or a map/],
    ["GET /v1/{labels}", /"labels", which is repeated or a map/],
    ["GET /v1/{subs.num}", /"subs", which is repeated or a map/],
    ["GET /v1/{sub}", /"sub" is a message, which has no text/],
    ["GET /v1/{st}", /"st" is a message, which has no text/],
    ["GET /v1/{name.x}", /"name", which is no message/],
    ["POST /v1 body=sub.subfield", /body "sub\.subfield" is no field/],
    ["POST /v1 body=missing", /body "missing" is no field of "test\.v1\.R"/],
    ["GET /v1 response=missing", /response body "missing" is no field/],
    ["get /v1", /"get" is no HTTP method/],
  ])("refuses %s", ([rule, message]) => {
    const add = () => addRule(new HttpServer(), rule, () => ({}));
    expect(add).toThrow(RouteRuleError);
    expect(add).toThrow(message);
  });

  test("and use are refused once the server has started", async () => {
    const server = createTestServer();
    await server.start(appInfo);
    expect(() => addRule(server, "GET /v1", () => ({}))).toThrow(/before start\(\)/);
    expect(() => server.use("*")).toThrow(/before start\(\)/);
  });
});

describe("listening", () => {
  test("endpoint opens the listener, and what comes before start waits for it", async () => {
    const server = createTestServer();
    addRule(server, "GET /v1", () => ({}));
    const endpoint = await server.endpoint();
    expect(endpoint.port).toBe(String(server.port));
    const socket = dial(server);
    socket.write(get);
    await once(socket, "connect");
    const response = send(server.port!, "GET /v1");
    await server.start(appInfo);
    expect((await response).status).toBe(200);
    expect(await server.endpoint()).toBe(endpoint);
  });

  test("what came before start is told when the server stops instead", async () => {
    const server = createTestServer();
    addRule(server, "GET /v1", () => ({}));
    await server.endpoint();
    const response = send(server.port!, "GET /v1");
    const socket = dial(server);
    await once(socket, "connect");
    await server.stop(never);
    expect((await response).status).toBe(503);
  });

  test("a port in use is an error that names the address", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const addr = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const server = createTestServer({ addr });
    await expect(server.start(appInfo)).rejects.toThrow(`cannot listen on "${addr}"`);
    await server.stop(never);
  });

  test("a Unix socket serves too", async () => {
    const path = join(tmpdir(), `kratos-http-${process.pid}.sock`);
    const server = createTestServer({ network: "unix", addr: path });
    addRule(server, "GET /v1", () => ({}));
    await server.start(appInfo);
    expect((await server.endpoint()).href).toBe(`unix://${path}`);
    const [response] = (await once(
      request({ socketPath: path, path: "/v1" }).end(),
      "response",
    )) as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(200);
  });

  test("a stopped server does not start again", async () => {
    const server = createTestServer();
    await server.stop(never);
    await expect(server.start(appInfo)).rejects.toThrow("the server was stopped");
    const open = createTestServer();
    await open.endpoint();
    await open.stop(never);
    await expect(open.start(appInfo)).rejects.toThrow("the server was stopped");
  });
});

describe("time and clients that leave", () => {
  test("a call over its time is 504, and its signal aborts with the error", async () => {
    const server = createTestServer({ timeout: 30 });
    const aborted = gate();
    let reason: unknown;
    addRule(server, "GET /v1", async (_, { signal }) => {
      await once(signal, "abort");
      reason = signal.reason;
      aborted.open();
      return {};
    });
    await server.start(appInfo);
    const response = await send(server.port!, "GET /v1");
    expect(response.status).toBe(504);
    expect(JSON.parse(response.body)).toMatchObject({ code: 504, reason: "DEADLINE_EXCEEDED" });
    await aborted.opened;
    expect(reason).toBeInstanceOf(KratosError);
    expect(reason).toMatchObject({ code: 504 });
  });

  test("the client's own time counts when it is shorter", async () => {
    const server = createTestServer({ timeout: 60_000 });
    addRule(server, "GET /v1", () => new Promise(() => undefined));
    await server.start(appInfo);
    const response = await send(server.port!, "GET /v1", undefined, { "grpc-timeout": "20m" });
    expect(response.status).toBe(504);
  });

  test("a body that does not come in time is 408", async () => {
    const server = createTestServer({ timeout: 30 });
    addRule(server, "POST /v1 body=*", () => ({}));
    await server.start(appInfo);
    const socket = dial(server);
    socket.write("POST /v1 HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n{");
    const [data] = (await once(socket, "data")) as [Buffer];
    expect(data.toString()).toMatch(/^HTTP\/1\.1 408 .*Connection: close/s);
  });

  test("a client that leaves aborts the signal of its call", async () => {
    const server = createTestServer();
    const called = gate();
    const aborted = gate();
    let reason: unknown;
    addRule(server, "GET /v1", async (_, { signal }) => {
      called.open();
      await once(signal, "abort");
      reason = signal.reason;
      aborted.open();
      return {};
    });
    await server.start(appInfo);
    const socket = dial(server);
    socket.write(get);
    await called.opened;
    socket.destroy();
    await aborted.opened;
    expect(reason).toMatchObject({ code: 499, reason: "CLIENT_CLOSED" });
  });

  test("pipelined requests are answered in order, and all are aborted when the client leaves", async () => {
    const server = createTestServer();
    const called = gate();
    const aborted = gate();
    let running = 0;
    let ended = 0;
    addRule(server, "GET /v1/{n}", (request) => request);
    addRule(
      server,
      "GET /wait",
      async (_, { signal }) => {
        if (++running === 3) called.open();
        await once(signal, "abort");
        if (++ended === 3) aborted.open();
        return {};
      },
      "/test.v1.Test/Wait",
    );
    await server.start(appInfo);
    const quick = dial(server);
    quick.write([1, 2, 3].map((n) => `GET /v1/${n} HTTP/1.1\r\nHost: t\r\n\r\n`).join(""));
    let text = "";
    while (!text.includes('"n":3')) text += String((await once(quick, "data"))[0]);
    expect([...text.matchAll(/"n":(\d)/g)].map(([, n]) => n)).toEqual(["1", "2", "3"]);

    const slow = dial(server);
    slow.write(get.replace("/v1", "/wait").repeat(3));
    await called.opened;
    slow.destroy();
    await aborted.opened;
    expect(ended).toBe(3);
  });
});

test("an idle connection is closed after the idle time, which clients are told", async () => {
  const server = createTestServer({ idleTimeout: 1000 });
  addRule(server, "GET /v1", () => ({}));
  await server.start(appInfo);
  const told = await new Promise((resolve, reject) => {
    request({
      port: server.port,
      host: "127.0.0.1",
      path: "/v1",
      agent: new Agent({ keepAlive: true }),
    })
      .on("response", ({ headers }) => resolve(headers["keep-alive"]))
      .on("error", reject)
      .end();
  });
  expect(told).toBe("timeout=1");

  const quick = createTestServer({ idleTimeout: 20 });
  addRule(quick, "GET /v1", () => ({}));
  await quick.start(appInfo);
  const socket = dial(quick);
  socket.write(get);
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
});

describe("stop", () => {
  test("before start, twice, and with nothing to do", async () => {
    const server = createTestServer();
    await server.stop(never);
    await server.stop(never);
    const started = createTestServer();
    await started.start(appInfo);
    await Promise.all([started.stop(never), started.stop(never)]);
    await expect(send(started.port!, "GET /v1")).rejects.toThrow("ECONNREFUSED");
  });

  test("lets a call finish and then closes its connection", async () => {
    const server = createTestServer();
    const called = gate();
    const release = gate();
    addRule(server, "GET /v1", async () => {
      called.open();
      await release.opened;
      return { n: 5 };
    });
    await server.start(appInfo);
    const socket = dial(server);
    socket.write(get);
    await called.opened;
    const stopped = server.stop(never);
    release.open();
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text).toContain('"n":5');
    expect(text).toContain("Connection: close");
    await stopped;
  });

  test("cuts off what is left when its signal aborts", async () => {
    const server = createTestServer({ timeout: 0 });
    const called = gate();
    let reason: unknown;
    addRule(server, "GET /v1", (_, { signal }) => {
      signal.addEventListener("abort", () => (reason = signal.reason));
      called.open();
      return new Promise(() => undefined);
    });
    await server.start(appInfo);
    const socket = dial(server);
    const closed = once(socket, "close");
    socket.write(get);
    await called.opened;
    const controller = new AbortController();
    const stopped = server.stop(controller.signal);
    controller.abort();
    await stopped;
    await closed;
    expect(reason).toMatchObject({ code: 503, reason: "SERVER_STOPPED" });
  });

  test("closes idle connections", async () => {
    const server = createTestServer();
    addRule(server, "GET /v1", () => ({}));
    await server.start(appInfo);
    const socket = dial(server);
    socket.write(get);
    await once(socket, "data");
    const closed = once(socket, "end");
    await server.stop(never);
    await closed;
    expect(socket.readableEnded).toBe(true);
  });

  test("loses no request of clients that keep their connections", async () => {
    const server = createTestServer();
    addRule(server, "POST /v1 body=*", async (request) => {
      await new Promise(setImmediate);
      return request;
    });
    await server.start(appInfo);
    const warm = gate();
    let answered = 0;

    /** Sends one request after the other until the server closes the connection or refuses a new one. */
    async function work(worker: number): Promise<void> {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let closing = false; !closing;) {
        const body = JSON.stringify({ n: worker });
        const outgoing = request({
          agent,
          port: server.port,
          host: "127.0.0.1",
          method: "POST",
          path: "/v1",
          headers: { "Content-Type": "application/json", "Content-Length": body.length },
        });
        outgoing.end(body);
        const [response] = (await once(outgoing, "response")) as [IncomingMessage];
        let text = "";
        for await (const chunk of response) text += String(chunk);
        expect(JSON.parse(text)).toMatchObject({ n: worker });
        if (++answered === 200) warm.open();
        closing = response.headers.connection === "close";
      }
      agent.destroy();
    }

    const workers = Promise.all(Array.from({ length: 20 }, (_, worker) => work(worker)));
    await warm.opened;
    await server.stop(never);
    await workers;
    expect(answered).toBeGreaterThanOrEqual(200);
  });
});
