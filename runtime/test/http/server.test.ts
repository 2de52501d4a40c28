import type { DescMessage } from "@bufbuild/protobuf";
import {
  type CallContext,
  createContextKey,
  KratosError,
  type Middleware,
} from "@kratos-ts/runtime";
import { type HttpServerOptions, isHttpServerContext } from "@kratos-ts/runtime/http";
import { createLogger } from "@kratos-ts/runtime/log";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { UnaryHandler } from "../../src/transport/method.ts";
import { buildSchema } from "./schema.ts";
import { type RawResponse, send, sendRaw, serveRules } from "./serve.ts";

const find = buildSchema();
const R = find("test.v1.R");

type Handle = UnaryHandler<DescMessage, DescMessage>;

/** Answers one request with what the handler returns. */
async function answer(
  rule: string,
  request: string,
  handler: Handle,
  options: {
    body?: string | Buffer;
    headers?: Readonly<Record<string, string>>;
    server?: HttpServerOptions;
  } = {},
): Promise<RawResponse> {
  const port = await serveRules(rule.split(", "), R, R, handler, options.server);
  return send(port, request, options.body, options.headers);
}

const nothing: Handle = () => ({});

describe("routing", () => {
  test.for<[rules: string, request: string, status: number, allow: string | undefined]>([
    ["POST /v1/search", "GET /v1/search", 405, "POST"],
    ["GET /v1/x, POST /v1/x", "PUT /v1/x", 405, "GET, HEAD, POST"],
    ["GET /v1/x", "GET /nope", 404, undefined],
    ["GET /v1/{id}", "GET /v1/", 404, undefined],
    ["GET /v1/{id}", "GET /v1/../admin", 400, undefined],
    ["GET /**", "GET //evil.com/x", 404, undefined],
    ["GET /v1/x", "OPTIONS /nope", 404, undefined],
    ["GET /v1/x, POST /v1/x", "OPTIONS /v1/x", 204, "GET, HEAD, POST, OPTIONS"],
    ["GET /v1/x", "OPTIONS *", 204, undefined],
    ["OPTIONS /v1/x", "OPTIONS /v1/x", 200, undefined],
    ["HEAD /x", "HEAD /x", 200, undefined],
    ["* /x, GET /x", "PATCH /x", 200, undefined],
    ["POST /v1/x", "POST http://other/v1/x", 200, undefined],
    ["GET /v1/items", "GET /v1/items/", 200, undefined],
  ])("%s: %s is answered with %i", async ([rules, request, status, allow]) => {
    const response = await answer(rules, request, nothing);
    expect(response.status).toBe(status);
    expect(response.headers.get("allow")).toBe(allow);
  });

  test("what leads nowhere is an error in Kratos's shape", async () => {
    const response = await answer("GET /v1/x", "GET /nope", nothing);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(JSON.parse(response.body)).toEqual({
      code: 404,
      reason: "ROUTE_NOT_FOUND",
      message: 'nothing is served at "/nope"',
      metadata: {},
    });
    const wrongMethod = await answer("POST /v1/x", "GET /v1/x", nothing);
    expect(JSON.parse(wrongMethod.body)).toMatchObject({ code: 405, reason: "METHOD_NOT_ALLOWED" });
  });

  test("a method in a header does not count", async () => {
    const headers = {
      "Content-Type": "application/x-www-form-urlencoded",
      "X-HTTP-Method-Override": "GET",
    };
    const response = await answer("GET /v1/{id}", "POST /v1/1", nothing, { headers, body: "" });
    expect(response.status).toBe(405);
  });

  test("a trailing slash leads nowhere on a strict server", async () => {
    const server = { strict: { slash: true } };
    const response = await answer("GET /v1/items", "GET /v1/items/", nothing, { server });
    expect(response.status).toBe(404);
  });

  test("HEAD gets the headers of GET without its body", async () => {
    const port = await serveRules(["GET /v1/x"], R, R, () => ({ name: "x" }));
    const get = await send(port, "GET /v1/x");
    const head = await send(port, "HEAD /v1/x");
    expect(head.status).toBe(200);
    expect(head.body).toBe("");
    expect(head.headers.get("content-length")).toBe(String(Buffer.byteLength(get.body)));
  });
});

describe("the body", () => {
  const echo: Handle = (request) => request;
  const body = JSON.stringify({ name: "x".repeat(1000) });

  test.for<[title: string, headers: Record<string, string>, body: Buffer | string]>([
    ["over the limit by its length", {}, body],
    [
      "over the limit in chunks",
      { "Transfer-Encoding": "chunked" },
      `3e8\r\n${body.slice(0, 1000)}\r\n0\r\n\r\n`,
    ],
    ["over the limit when inflated", { "Content-Encoding": "gzip" }, gzipSync(body)],
  ])("%s is 413", async ([, headers, body]) => {
    const server = { maxBodyBytes: 500 };
    const response = await answer("POST /v1 body=*", "POST /v1", echo, { headers, body, server });
    expect(response.status).toBe(413);
    expect(JSON.parse(response.body)).toMatchObject({ code: 413, reason: "BODY_TOO_LARGE" });
  });

  test("a connection survives a body that is too large", async () => {
    const port = await serveRules(["POST /v1 body=*"], R, R, echo, { maxBodyBytes: 10 });
    const request = `POST /v1 HTTP/1.1\r\nHost: t\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const last = "POST /v1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
    const { status, body: rest } = await sendRaw(port, request + last);
    expect(status).toBe(413);
    expect(rest).toContain("HTTP/1.1 200 OK");
  });

  test.for(["gzip", "x-gzip", "identity"])("is read with the encoding %s", async (encoding) => {
    const headers = { "Content-Encoding": encoding };
    const bytes = encoding === "identity" ? Buffer.from(body) : gzipSync(body);
    const response = await answer("POST /v1 body=*", "POST /v1", echo, { headers, body: bytes });
    expect(response.status).toBe(200);
    expect(JSON.parse(response.body)).toMatchObject({ name: "x".repeat(1000) });
  });

  test.for<[encoding: string, status: number]>([
    ["zstd", 415],
    ["br", 400],
    ["gzip", 400],
  ])("with the encoding %s, but not in it, is %i", async ([encoding, status]) => {
    const headers = { "Content-Encoding": encoding };
    const response = await answer("POST /v1 body=*", "POST /v1", echo, { headers, body });
    expect(response.status).toBe(status);
  });

  test("is asked for when the client waits", async () => {
    const port = await serveRules(["POST /v1 body=*"], R, R, echo);
    const head = "POST /v1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\nExpect: 100-continue\r\n";
    const response = await sendRaw(port, `${head}Content-Length: 7\r\n\r\n{"n":5}`);
    expect(response.status).toBe(100);
    expect(response.body).toContain('"n":5');
  });
});

describe("the reply", () => {
  test("has zero values and other JSON as Kratos has it", async () => {
    const { body, headers } = await answer("GET /v1", "GET /v1", () => ({ big: 5n, state: 1 }));
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("content-length")).toBe(String(body.length));
    expect(JSON.parse(body)).toMatchObject({
      big: "5",
      state: "ACTIVE",
      tags: [],
      labels: {},
      n: 0,
    });
    expect(body).not.toContain("optN");
  });

  test("follows the server's JSON options", async () => {
    const json = { emitDefaults: false, enumAsNumber: true, protoNames: true };
    const reply = () => ({ displayName: "x", state: 1 });
    const { body } = await answer("GET /v1", "GET /v1", reply, { server: { json } });
    expect(JSON.parse(body)).toEqual({ display_name: "x", state: 1 });
  });

  test.for<[field: string, reply: Record<string, unknown>, body: string]>([
    ["tags", { tags: ["a"] }, '["a"]'],
    ["tags", {}, "[]"],
    ["name", { name: "ä" }, '"ä"'],
    ["name", {}, '""'],
    ["labels", { labels: { a: "b" } }, '{"a":"b"}'],
    ["pick_b", { pick: { case: "pickB", value: 5 } }, "5"],
    ["n", {}, "0"],
  ])("can be its field %s of %o", async ([field, reply, body]) => {
    const response = await answer(`GET /v1 response=${field}`, "GET /v1", () => reply);
    expect(response.body).toBe(body);
    expect(response.headers.get("content-length")).toBe(String(Buffer.byteLength(body)));
  });

  test("of a field that is an unset message is an empty object", async () => {
    const server = { json: { emitDefaults: false } };
    const { body } = await answer("GET /v1 response=book", "GET /v1", nothing, { server });
    expect(body).toBe("{}");
  });

  test("of a field that is an HttpBody is its bytes", async () => {
    const file = { contentType: "text/plain", data: Buffer.from("hello") };
    const response = await answer("GET /v1 response=file", "GET /v1", () => ({ file }));
    expect(response.headers.get("content-type")).toBe("text/plain");
    expect(response.body).toBe("hello");
    const unset = await answer("GET /v1 response=file", "GET /v1", nothing);
    expect(unset.headers.get("content-type")).toBe("application/octet-stream");
    expect(unset.body).toBe("");
  });

  test.for<[accept: string, contentType: string]>([
    ["*/*", "application/json"],
    ["text/html", "application/json"],
    ["application/protojson", "application/protojson"],
    ["application/proto", "application/proto"],
    ["application/x-protobuf", "application/x-protobuf"],
    ["application/proto;q=0.1, application/json", "application/json"],
    ["application/json;q=0.5, application/proto", "application/proto"],
    ["application/proto;q=0", "application/json"],
  ])("for a client that accepts %s is %s", async ([accept, contentType]) => {
    const headers = { Accept: accept };
    const response = await answer("GET /v1", "GET /v1", () => ({ n: 5 }), { headers });
    expect(response.headers.get("content-type")).toBe(contentType);
    expect(response.body.startsWith("{")).toBe(contentType.includes("json"));
  });

  test("has the headers of the handler, but not those of the wire", async () => {
    const response = await answer("GET /v1", "GET /v1", (_, context) => {
      context.replyHeader.set("X-A", "1");
      context.replyHeader.add("x-a", "2");
      context.replyHeader.set("Content-Length", "1");
      context.replyHeader.set("Transfer-Encoding", "chunked");
      context.replyHeader.set("Trailer", "X-B");
      context.replyHeader.set("Content-Type", "application/vnd.test+json");
      return {};
    });
    expect(response.headers.get("x-a")).toBe("2");
    expect(response.headers.get("content-type")).toBe("application/vnd.test+json");
    expect(response.headers.has("transfer-encoding")).toBe(false);
    expect(response.headers.get("content-length")).toBe(String(Buffer.byteLength(response.body)));
  });
});

describe("errors", () => {
  test.for<[title: string, fail: () => never]>([
    [
      "thrown",
      () => {
        throw new KratosError(404, "ORDER_NOT_FOUND", "no order 7", { metadata: { id: "7" } });
      },
    ],
    [
      "as a cause",
      () => {
        throw new Error("internal", {
          cause: new KratosError(404, "ORDER_NOT_FOUND", "no order 7", { metadata: { id: "7" } }),
        });
      },
    ],
  ])("for the client keep their shape: %s", async ([, fail]) => {
    const response = await answer("GET /v1", "GET /v1", fail);
    expect(response.status).toBe(404);
    expect(JSON.parse(response.body)).toEqual({
      code: 404,
      reason: "ORDER_NOT_FOUND",
      message: "no order 7",
      metadata: { id: "7" },
    });
  });

  test.for<[title: string, handler: Handle]>([
    [
      "thrown",
      () => {
        throw new Error("password is 1234");
      },
    ],
    ["rejected", () => Promise.reject(new Error("password is 1234"))],
    [
      "thrown as text",
      () => {
        throw "password is 1234";
      },
    ],
    ["a reply that does not fit", () => ({ n: "password is 1234" })],
    ["no reply", () => undefined as never],
  ])("of the service are logged and tell nothing: %s", async ([, handler]) => {
    const records: string[] = [];
    const logger = createLogger({ level: "error", write: (text) => records.push(text) });
    const response = await answer("GET /v1", "GET /v1", handler, { server: { logger } });
    expect(response.status).toBe(500);
    expect(JSON.parse(response.body)).toEqual({
      code: 500,
      reason: "UNKNOWN",
      message: "internal server error",
      metadata: {},
    });
    expect(records).toHaveLength(1);
    expect(JSON.parse(records[0]!)).toMatchObject({ operation: "/test.v1.Test/GET /v1" });
  });

  test("carry the handler's headers", async () => {
    const response = await answer("GET /v1", "GET /v1", (_, context) => {
      context.replyHeader.set("Retry-After", "5");
      throw new KratosError(503, "BUSY", "later");
    });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("5");
  });

  test("with a code that is no HTTP status are 500", async () => {
    const response = await answer("GET /v1", "GET /v1", () => {
      throw new KratosError(10001, "OWN", "own");
    });
    expect(response.status).toBe(500);
    expect(JSON.parse(response.body)).toMatchObject({ code: 10001, reason: "OWN" });
  });

  const long = "x".repeat(20_000);

  test.for<[title: string, bytes: string, status: number]>([
    ["no HTTP", "nonsense\r\n\r\n", 400],
    ["a bad length", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400],
    ["a bad path", "GET /\u0000 HTTP/1.1\r\n\r\n", 400],
    ["long headers", `GET / HTTP/1.1\r\nHost: t\r\nX-Long: ${long}\r\n\r\n`, 431],
    ["a long URL", `GET /?${long} HTTP/1.1\r\nHost: t\r\n\r\n`, 414],
    [
      "a bad chunk",
      "POST /v1 HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      400,
    ],
  ])("of the wire have Kratos's shape: %s", async ([, bytes, status]) => {
    const port = await serveRules(["POST /v1 body=*"], R, R, nothing);
    const response = await sendRaw(port, bytes);
    expect(response.status).toBe(status);
    expect(response.headers.get("connection")).toBe("close");
    expect(JSON.parse(response.body)).toMatchObject({ code: status, reason: "CODEC" });
  });
});

describe("the context", () => {
  test("knows the call", async () => {
    let seen: CallContext | undefined;
    const port = await serveRules(["GET /v1/{id}"], R, R, (_, context) => {
      seen = context;
      return {};
    });
    await send(port, "GET /v1/7", undefined, { "X-A": "b" });
    expect(seen).toMatchObject({
      side: "server",
      kind: "http",
      operation: "/test.v1.Test/GET /v1/{id}",
      endpoint: `http://127.0.0.1:${port}/`,
      pathTemplate: "/v1/{id}",
    });
    expect(seen!.requestHeader.get("x-a")).toBe("b");
    expect(seen!.requestHeader.keys()).toContain("host");
    expect(seen!.peer).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(isHttpServerContext(seen!) && seen!.request.url).toBe("/v1/7");
  });

  test.for<[headers: Record<string, string>, server: HttpServerOptions, milliseconds: number]>([
    [{}, {}, 1000],
    [{}, { timeout: 0 }, Number.NaN],
    [{ "grpc-timeout": "500m" }, {}, 500],
    [{ "grpc-timeout": "9S" }, {}, 1000],
    [{ "x-server-timeout": "0.25" }, { timeout: 0 }, 250],
    [{ "x-server-timeout": "soon" }, {}, 1000],
  ])("has a deadline, with %o and %o", async ([headers, server, milliseconds]) => {
    let left = 0;
    const before = Date.now();
    const handler: Handle = (_, context) => {
      left = (context.deadline ?? Number.NaN) - before;
      return {};
    };
    await answer("GET /v1", "GET /v1", handler, { headers, server });
    // The request arrives after it was sent, and within the test's own patience.
    expect(Number.isNaN(left)).toBe(Number.isNaN(milliseconds));
    expect(left < milliseconds).toBe(false);
  });

  test("carries values through the middleware, which runs from the outside in", async () => {
    const key = createContextKey<string>("trace", "");
    const mark =
      (name: string): Middleware =>
      (next) =>
      (request, context) => {
        context.set(key, `${context.get(key)}${name}`);
        return next(request, context);
      };
    let trace: string | undefined;
    const { createTestServer, appInfo } = await import("./serve.ts");
    const server = createTestServer({ middleware: [mark("a"), mark("b")] });
    server.use("/test.v1.Test/*", mark("p"));
    server.use("/test.v1.Test/Get", mark("e"));
    const route = { input: R, output: R };
    const handler: Handle = (_, context) => {
      trace = context.get(key);
      return {};
    };
    server.handle(
      { ...route, operation: "/test.v1.Test/Get", bindings: [{ method: "GET", path: "/get" }] },
      handler,
    );
    server.handle(
      { ...route, operation: "/test.v1.Test/List", bindings: [{ method: "GET", path: "/list" }] },
      handler,
    );
    await server.start(appInfo);
    await send(server.port!, "GET /get");
    expect(trace).toBe("abe");
    await send(server.port!, "GET /list");
    expect(trace).toBe("abp");
  });
});
