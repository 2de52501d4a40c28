import { once } from "node:events";
import { connect } from "node:net";
import { setImmediate } from "node:timers/promises";
import { KratosError, unauthorized } from "@kratos-ts/runtime";
import { HttpServer, type HttpFilter, requestOrigin } from "@kratos-ts/runtime/http";
import { createLogger } from "@kratos-ts/runtime/log";
import { expect, onTestFinished, test } from "vitest";
import { createDeferred } from "../../grpc/deferred.ts";
import { createAuthority } from "../../transport/certificates.ts";
import { buildSchema } from "../schema.ts";
import { send, sendRaw, serveRules } from "../serve.ts";

const R = buildSchema()("test.v1.R");
const rules = ["GET /v1"];

test("run from the outside in, around routing", async () => {
  const seen: string[] = [];
  const note =
    (name: string): HttpFilter =>
    (next) =>
    (request, response) => {
      seen.push(`${name} ${request.url}`);
      return next(request, response);
    };
  const filters = [note("outer"), note("inner")];
  const port = await serveRules(rules, R, R, () => ({}), { filters });
  expect((await send(port, "GET /v1")).status).toBe(200);
  expect((await send(port, "GET /nope")).status).toBe(404);
  expect(seen).toEqual(["outer /v1", "inner /v1", "outer /nope", "inner /nope"]);
});

test("are composed once, not with each request", async () => {
  let composed = 0;
  const filter: HttpFilter = (next) => {
    composed++;
    return next;
  };
  const port = await serveRules(rules, R, R, () => ({}), { filters: [filter] });
  const before = composed;
  await send(port, "GET /v1");
  await send(port, "GET /v1");
  expect(composed).toBe(before);
});

test("answer in place of what is inside", async () => {
  const filter: HttpFilter = () => (_request, response) => {
    response.writeHead(418, { "Content-Length": 6 }).end("teapot");
  };
  const port = await serveRules(rules, R, R, () => ({}), { filters: [filter] });
  expect(await send(port, "GET /v1")).toMatchObject({ status: 418, body: "teapot" });
});

test.for<[head: string, status: number]>([
  ["GET /v1 HTTP/1.1", 400],
  ["GET /v1 HTTP/1.1\r\nHost: a/b", 400],
  ["POST /v1 HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip, chunked", 501],
])("see nothing of what two servers could read differently: %j", async ([head, status]) => {
  const seen: unknown[] = [];
  const filter: HttpFilter = () => (request, response) => {
    seen.push(request.url);
    response.end();
  };
  const port = await serveRules(rules, R, R, () => ({}), { filters: [filter] });
  const response = await sendRaw(port, `${head}\r\nConnection: close\r\n\r\n`);
  expect([response.status, seen]).toEqual([status, []]);
});

test("see the host of an absolute target in place of the header", async () => {
  const filter: HttpFilter = () => (request, response) => {
    response.end(requestOrigin(request));
  };
  const port = await serveRules(rules, R, R, () => ({}), { filters: [filter] });
  expect((await send(port, "GET http://b.example/v1")).body).toContain("http://b.example");
});

test("add headers to replies, which the handler's own replace", async () => {
  const filter: HttpFilter = (next) => (request, response) => {
    response.setHeader("X-Filter", "yes");
    response.setHeader("X-Both", "filter");
    return next(request, response);
  };
  const handler = (
    _request: unknown,
    { replyHeader }: Parameters<Parameters<typeof serveRules>[3]>[1],
  ) => {
    replyHeader.set("X-Both", "handler");
    return {};
  };
  const port = await serveRules(rules, R, R, handler, { filters: [filter] });
  const { headers } = await send(port, "GET /v1");
  expect(headers.get("x-filter")).toBe("yes");
  expect(headers.get("x-both")).toBe("handler");
  expect(headers.get("content-type")).toBe("application/json");
});

test("leave repeated headers of a handler whole", async () => {
  const filter: HttpFilter = (next) => (request, response) => {
    response.setHeader("X-Filter", "yes");
    return next(request, response);
  };
  const port = await serveRules(
    rules,
    R,
    R,
    (_request, { replyHeader }) => {
      replyHeader.add("Set-Cookie", "a=1");
      replyHeader.add("Set-Cookie", "b=2");
      return {};
    },
    { filters: [filter] },
  );
  const response = await fetch(`http://127.0.0.1:${port}/v1`);
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect(response.headers.get("x-filter")).toBe("yes");
});

const failing: [title: string, filter: HttpFilter][] = [
  [
    "throws",
    () => () => {
      throw unauthorized("NO_TOKEN", "no token");
    },
  ],
  ["rejects", () => () => Promise.reject(unauthorized("NO_TOKEN", "no token"))],
];

test.each(failing)("one that %s an error is answered with it", async (_title, filter) => {
  const port = await serveRules(rules, R, R, () => ({}), { filters: [filter] });
  const { status, body } = await send(port, "GET /v1");
  expect(status).toBe(401);
  expect(JSON.parse(body)).toMatchObject({ reason: "NO_TOKEN" });
});

test("one that fails unexpectedly tells the log, and the client only that it did", async () => {
  const records: string[] = [];
  const logger = createLogger({ write: (text) => records.push(text) });
  const filter: HttpFilter = () => () => {
    throw new Error("secret");
  };
  const port = await serveRules(rules, R, R, () => ({}), { filters: [filter], logger });
  const { status, body } = await send(port, "GET /v1");
  expect(status).toBe(500);
  expect(body).not.toContain("secret");
  expect(records.join("")).toContain("secret");
});

test("one that fails after it began to answer breaks the connection off", async () => {
  const filter: HttpFilter = () => async (_request, response) => {
    response.writeHead(200, { "Content-Length": 100 });
    await new Promise<void>((resolve) => response.write("begun", () => resolve()));
    throw new Error("late");
  };
  const port = await serveRules(rules, R, R, () => ({}), { filters: [filter] });
  const { status, body } = await send(port, "GET /v1");
  expect({ status, body }).toEqual({ status: 200, body: "begun" });
});

test.for<[title: string, filter: HttpFilter]>([
  [
    "answers while the handler works",
    (next) => (request, response) => {
      const result = next(request, response);
      response.end("mine");
      return result;
    },
  ],
  [
    "answers and goes on",
    (next) => (request, response) => {
      response.end("mine");
      return next(request, response);
    },
  ],
  [
    "goes on twice",
    (next) => (request, response) => {
      void next(request, response);
      return next(request, response);
    },
  ],
  [
    "goes on, and fails then",
    (next) => (request, response) => {
      void next(request, response);
      throw new Error("late");
    },
  ],
])("one that %s gets one answer out, and harms no call", async ([, filter]) => {
  let runs = 0;
  let failing = true;
  const handler = async () => {
    await setImmediate();
    runs++;
    if (failing) throw new KratosError(409, "BUSY", "later");
    return {};
  };
  const port = await serveRules(rules, R, R, handler, { filters: [filter] });
  const failed = await send(port, "GET /v1");
  failing = false;
  const succeeded = await send(port, "GET /v1");
  expect(runs).toBeGreaterThan(1);
  const bodies = [failed.body, succeeded.body].filter((body) => body !== "mine");
  expect(() => bodies.map((body) => JSON.parse(body) as unknown)).not.toThrow();
});

test("one that answers before the deadline of a call is not answered over", async () => {
  const over = createDeferred();
  const filter: HttpFilter = (next) => (request, response) => {
    const result = next(request, response);
    response.end("mine");
    return result;
  };
  const handler = async (_request: unknown, { signal }: { signal: AbortSignal }) => {
    signal.addEventListener("abort", over.resolve);
    await over.promise;
    return {};
  };
  const port = await serveRules(rules, R, R, handler, { filters: [filter], timeout: 20 });
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (data) => (text += String(data)));
  socket.write("GET /v1 HTTP/1.1\r\nHost: t\r\n\r\n");
  await over.promise;
  socket.write("GET /nope HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  await once(socket, "close");
  expect(text.match(/^HTTP\/1\.1 \d+|mineHTTP\/1\.1 \d+/g)).toEqual([
    "HTTP/1.1 200",
    "mineHTTP/1.1 404",
  ]);
});

test("begin no call for a client that left while they waited", async () => {
  const arrived = createDeferred();
  const left = createDeferred();
  const passed = createDeferred();
  let calls = 0;
  const filter: HttpFilter = (next) => async (request, response) => {
    request.socket.on("close", left.resolve);
    arrived.resolve();
    await left.promise;
    await next(request, response);
    passed.resolve();
  };
  const handler = () => {
    calls++;
    return {};
  };
  const port = await serveRules(rules, R, R, handler, { filters: [filter] });
  const socket = connect(port, "127.0.0.1");
  socket.write("GET /v1 HTTP/1.1\r\nHost: t\r\n\r\n");
  await arrived.promise;
  socket.destroy();
  await passed.promise;
  expect(calls).toBe(0);
});

test("are made for both versions of HTTP", () => {
  let composed = 0;
  const filter: HttpFilter = (next) => {
    composed++;
    return next;
  };
  const server = new HttpServer({ tls: createAuthority(), filters: [filter] });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  expect(composed).toBe(2);
});
