import { create, type DescMessage, type JsonObject, toJson } from "@bufbuild/protobuf";
import { isKratosError, type KratosError, type Middleware } from "@kratos-ts/runtime";
import { HttpClient, type HttpClientOptions } from "@kratos-ts/runtime/http";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { CallOptions, HttpRoute } from "../../../src/transport/method.ts";
import { buildSchema } from "../schema.ts";
import { createTestServer, appInfo, parseRule } from "../serve.ts";

const find = buildSchema();
const R = find("test.v1.R");

function routeOf(rule: string, output: DescMessage = R): HttpRoute<DescMessage, DescMessage> {
  return { operation: "/test.v1.Test/Call", input: R, output, bindings: [parseRule(rule)] };
}

/** What a client sends for a request, without sending it. */
async function capture(
  rule: string,
  request: object,
  options: Partial<HttpClientOptions> = {},
  callOptions: CallOptions = {},
): Promise<{ line: string; headers: Record<string, string>; body: unknown }> {
  let seen: { line: string; headers: Record<string, string>; body: unknown } | undefined;
  const client = new HttpClient({
    endpoint: "http://test",
    fetch: (url, init) => {
      const headers = Object.fromEntries(new Headers(init?.headers));
      seen = { line: `${init?.method} ${String(url)}`, headers, body: init?.body };
      return Promise.resolve(new Response("{}"));
    },
    ...options,
  });
  await client.method(routeOf(rule))(request as never, callOptions);
  return seen!;
}

/** A server of plain Node; it closes when the test has finished. */
async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function failureOf(call: Promise<unknown>): Promise<KratosError> {
  const error: unknown = await call.then(
    () => new Error("the call succeeded"),
    (error: unknown) => error,
  );
  if (!isKratosError(error)) throw error;
  return error;
}

describe("the request", () => {
  test.for<[rule: string, request: object, line: string]>([
    ["GET /v1/{id}", { id: "a/b c:d" }, "GET http://test/v1/a%2Fb%20c%3Ad"],
    ["GET /v1/{name=files/**}", { name: "files/a b/c" }, "GET http://test/v1/files/a%20b/c"],
    ["GET /v1/{display_name}", { displayName: "123" }, "GET http://test/v1/123"],
    ["GET /v1/{id}", { id: "x", name: "n" }, "GET http://test/v1/x?name=n"],
    [
      "GET /v1/{sub.num}",
      { sub: { num: 5, subfield: "s" } },
      "GET http://test/v1/5?sub.subfield=s",
    ],
    ["GET /v1/{n}", {}, "GET http://test/v1/0"],
    ["GET /v1/{state}", { state: 1 }, "GET http://test/v1/ACTIVE"],
    ["GET /v1/{big}", { big: 9007199254740993n }, "GET http://test/v1/9007199254740993"],
    ["GET /v1/{raw}", { raw: new Uint8Array([0xfb, 0xff]) }, "GET http://test/v1/-_8%3D"],
    ["GET /v1/{pick_a}", { pick: { case: "pickA", value: "x" } }, "GET http://test/v1/x"],
    ["GET /q", { tags: ["a", "b c"] }, "GET http://test/q?tags=a&tags=b%20c"],
    ["GET /q", { tags: [], n: 0, name: "", b: false, big: 0n }, "GET http://test/q"],
    ["GET /q", { optN: 0, wI: 0, wS: "" }, "GET http://test/q?opt_n=0&w_i=0&w_s="],
    ["GET /q", { labels: { "a.b": "c" } }, "GET http://test/q?labels%5Ba.b%5D=c"],
    [
      "GET /q",
      { ts: { seconds: 1n, nanos: 5 } },
      "GET http://test/q?ts=1970-01-01T00%3A00%3A01.000000005Z",
    ],
    ["GET /q", { mask: { paths: ["display_name"] } }, "GET http://test/q?mask=displayName"],
    ["GET /q", { raw: new Uint8Array([0xfb, 0xff]) }, "GET http://test/q?raw=-_8%3D"],
    ["GET /q", { st: { a: 1 } }, "GET http://test/q?st=%7B%22a%22%3A1%7D"],
    ["GET /q", { sub: { deep: { num: 1 } } }, "GET http://test/q?sub.deep.num=1"],
    ["GET /q", { pick: { case: "pickB", value: 0 } }, "GET http://test/q?pick_b=0"],
    ["POST /v1/{id} body=*", { id: "x", n: 5 }, "POST http://test/v1/x"],
    ["POST /v1/{id} body=book", { id: "x", n: 5, book: { num: 1 } }, "POST http://test/v1/x?n=5"],
    ["* /v1", {}, "POST http://test/v1"],
  ])("%s with %o", async ([rule, request, line]) => {
    expect((await capture(rule, request)).line).toBe(line);
  });

  test.for<[rule: string, request: object, body: unknown]>([
    ["POST /v1 body=*", { n: 5 }, '{"n":5}'],
    ["POST /v1 body=*", {}, "{}"],
    ["POST /v1 body=book", { book: { num: 1 } }, '{"num":1}'],
    ["POST /v1 body=book", {}, "null"],
    ["POST /v1 body=tags", { tags: ["a"] }, '["a"]'],
    ["POST /v1 body=name", { name: "a" }, '"a"'],
    ["GET /v1", { n: 5 }, null],
  ])("%s with %o has the body %s", async ([rule, request, body]) => {
    expect((await capture(rule, request)).body).toEqual(body);
  });

  test("names its JSON as Kratos v3 wants it, or as everybody else", async () => {
    const { headers } = await capture("POST /v1 body=*", {});
    expect(headers).toEqual({
      accept: "application/protojson",
      "content-type": "application/protojson",
    });
    const plain = await capture("POST /v1 body=*", {}, { format: "json" });
    expect(plain.headers).toEqual({
      accept: "application/json",
      "content-type": "application/json",
    });
    const get = await capture("GET /v1", {});
    expect(get.headers).toEqual({ accept: "application/protojson" });
  });

  test("sends an HttpBody as it is", async () => {
    const file = { contentType: "image/png", data: new Uint8Array([1, 2]) };
    const { headers, body } = await capture("POST /v1 body=file", { file });
    expect(headers["content-type"]).toBe("image/png");
    expect(body).toEqual(file.data);
  });

  test("has the headers of the client, of the call and of middleware", async () => {
    const sign: Middleware = (next) => (request, context) => {
      context.requestHeader.set("authorization", "Bearer t");
      return next(request, context);
    };
    const options = { headers: { "X-A": "client", "X-B": ["1", "2"] }, middleware: [sign] };
    const { headers } = await capture("GET /v1", {}, options, { headers: { "x-a": "call" } });
    expect(headers).toMatchObject({ "x-a": "call", "x-b": "1, 2", authorization: "Bearer t" });
  });

  test.for<[rule: string, request: object, error: RegExp]>([
    ["GET /v1/{id}", { id: "" }, /field "id" cannot go into the path: it is empty/],
    ["GET /v1/{name=shelves/*}", { name: "books/1" }, /does not match "shelves\/\*"/],
    ["GET /v1/{ts}", {}, /field "ts".*not set/],
    ["GET /q", { subs: [{ num: 1 }] }, /field "subs": it cannot be sent in a query/],
    ["GET /q", { any: { typeUrl: "x" } }, /field "any": it cannot be sent in a query/],
    ["GET /q", { n: 1.5 }, /field "n"/],
    ["GET /q", { name: "\ud800" }, /./],
  ])("%s with %o is refused before it is sent", async ([rule, request, message]) => {
    const error = await failureOf(capture(rule, request));
    expect(error).toMatchObject({ code: 400, reason: "CODEC" });
    expect(error.message).toMatch(message);
  });

  test.for([
    "ftp://x",
    "discovery://orders",
    "direct:///",
    "unix://x",
    "unix:///a\0b",
    `unix:///${"x".repeat(107)}`,
    "http://",
    "http://a b",
  ])("the endpoint %s is refused", (endpoint) => {
    expect(() => new HttpClient({ endpoint })).toThrow(/is no endpoint/);
  });

  test.for([
    ["127.0.0.1:8000", "GET http://127.0.0.1:8000/v1"],
    ["https://a.test/base/", "GET https://a.test/base/v1"],
    ["", "GET /v1"],
  ])("the endpoint %s gives %s", async ([endpoint, line]) => {
    expect((await capture("GET /v1", {}, { endpoint: endpoint! })).line).toBe(line);
  });
});

describe("the reply", () => {
  test.for<[rule: string, body: string, contentType: string, reply: JsonObject]>([
    ["GET /v1", '{"n":5,"unknown":1}', "application/json", { n: 5 }],
    ["GET /v1", '{"n":5}', "application/protojson", { n: 5 }],
    ["GET /v1", '{"n":5}', "", { n: 5 }],
    ["GET /v1", "", "", {}],
    ["GET /v1", "\u0018\u0005", "application/proto", { n: 5 }],
    ["GET /v1 response=tags", '["a"]', "application/json", { tags: ["a"] }],
    ["GET /v1 response=book", '{"num":1}', "application/json", { book: { num: 1 } }],
    [
      "GET /v1 response=file",
      "abc",
      "text/plain",
      { file: { contentType: "text/plain", data: "YWJj" } },
    ],
  ])("%s: %s as %s", async ([rule, body, contentType, reply]) => {
    const endpoint = await listen((_, response) => {
      if (contentType !== "") response.setHeader("Content-Type", contentType);
      response.end(body);
    });
    const message = await new HttpClient({ endpoint }).method(routeOf(rule))({});
    expect(toJson(R, message)).toEqual(reply);
  });

  test.for<[status: number, body: string, error: object]>([
    [
      404,
      '{"code":404,"reason":"GONE","message":"no order","metadata":{"id":"7"}}',
      { code: 404, reason: "GONE", message: "no order", metadata: { id: "7" } },
    ],
    [409, '{"code":7,"reason":"X"}', { code: 409, reason: "X", message: "" }],
    [502, "<html>", { code: 502, reason: "", message: "the service answered 502 Bad Gateway" }],
    [500, "", { code: 500, reason: "", message: "the service answered 500 Internal Server Error" }],
    [200, "<html>", { code: 500, reason: "CODEC" }],
    [200, '{"n":"x"}', { code: 500, reason: "CODEC" }],
  ])("status %i with %s is an error", async ([status, body, expected]) => {
    const endpoint = await listen((_, response) => {
      response.writeHead(status).end(body);
    });
    const error = await failureOf(new HttpClient({ endpoint }).method(routeOf("GET /v1"))({}));
    expect(error).toMatchObject(expected);
  });

  test("headers are handed over, also those of an error", async () => {
    const endpoint = await listen((_, response) => {
      response.writeHead(418, { "X-A": "b", "Set-Cookie": ["a=1", "b=2"] }).end();
    });
    let seen: ReadonlyMap<string, readonly string[]> | undefined;
    const onHeader = (header: typeof seen) => void (seen = header);
    await failureOf(new HttpClient({ endpoint }).method(routeOf("GET /v1"))({}, { onHeader }));
    expect(seen?.get("x-a")).toEqual(["b"]);
    expect(seen?.get("set-cookie")).toEqual(["a=1", "b=2"]);
  });

  test("an unreachable service is 503 with the reason", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const client = new HttpClient({ endpoint: `127.0.0.1:${port}` });
    const error = await failureOf(client.method(routeOf("GET /v1"))({}));
    expect(error).toMatchObject({ code: 503, reason: "UNREACHABLE" });
    expect(error.message).toContain("ECONNREFUSED");
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("a service that does not answer in time is 504", async () => {
    const endpoint = await listen(() => undefined);
    const client = new HttpClient({ endpoint, timeout: 20 });
    const error = await failureOf(client.method(routeOf("GET /v1"))({}));
    expect(error).toMatchObject({ code: 504, reason: "DEADLINE_EXCEEDED" });
  });

  test("a body that does not end in time is 504", async () => {
    const endpoint = await listen((_, response) => {
      response.writeHead(200, { "Content-Length": 10 });
      response.write("{");
    });
    const client = new HttpClient({ endpoint });
    const error = await failureOf(client.method(routeOf("GET /v1"))({}, { timeout: 50 }));
    expect(error).toMatchObject({ code: 504, reason: "DEADLINE_EXCEEDED" });
  });

  test("an aborted call is 499 with the reason as cause", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const endpoint = await listen(() => controller.abort(reason));
    const client = new HttpClient({ endpoint, timeout: 0 });
    const { signal } = controller;
    const error = await failureOf(client.method(routeOf("GET /v1"))({}, { signal }));
    expect(error).toMatchObject({ code: 499, cause: reason });
    const again = await failureOf(client.method(routeOf("GET /v1"))({}, { signal }));
    expect(again).toMatchObject({ code: 499, cause: reason });
  });

  test("a closed client calls nobody", async () => {
    const client = new HttpClient({ endpoint: "http://127.0.0.1:1" });
    client.close();
    const error = await failureOf(client.method(routeOf("GET /v1"))({}));
    expect(error).toMatchObject({ code: 499, message: "the client is closed" });
  });
});

test("middleware sees the message, the reply and the error, and can repeat the call", async () => {
  const seen: unknown[] = [];
  const retry: Middleware = (next) => async (request, context) => {
    seen.push(request, context.side, context.kind, context.operation);
    try {
      return await next(request, context);
    } catch (error) {
      seen.push((error as KratosError).code);
      return next(request, context);
    }
  };
  let count = 0;
  const endpoint = await listen((_, response) => {
    response.writeHead(count++ === 0 ? 503 : 200).end("{}");
  });
  const client = new HttpClient({ endpoint, middleware: [retry], retry: false });
  const reply = await client.method(routeOf("GET /v1"))({ n: 1 } as never);
  expect(seen).toEqual([{ n: 1 }, "client", "http", "/test.v1.Test/Call", 503]);
  expect(reply).toEqual(create(R));
});

test.for<[rule: string, request: object]>([
  ["GET /v1/{id}", { id: "a/b%2F:?#é", tags: ["", " ", "&="], labels: { "": "e", "[x]": "y" } }],
  [
    "GET /v1/{name=files/**}",
    { name: "files/a%2Fb/c d", optN: 0, wI: 0, raw: new Uint8Array([251]) },
  ],
  ["GET /v1/{sub.num}", { sub: { num: -5, deep: { tags: ["x"] } }, d: Number.NaN, f: 0.1 }],
  ["POST /v1/{id} body=book", { id: "x", book: { num: 1 }, ts: { seconds: -1n, nanos: 5 } }],
  [
    "POST /v1/{id} body=*",
    { id: "x", subs: [{ num: 1 }], big: -9007199254740993n, st: { a: [1] } },
  ],
  [
    "POST /v1 body=tags",
    {
      tags: ["a"],
      pick: { case: "pickB", value: 0 },
      val: { kind: { case: "nullValue", value: 0 } },
    },
  ],
])("server and client agree on %s", async ([rule, request]) => {
  const server = createTestServer();
  const route = routeOf(rule);
  server.handle(route, (request) => request as never);
  await server.start(appInfo);
  const client = new HttpClient({ endpoint: (await server.endpoint()).href });
  const reply = await client.method(route)(request as never);
  expect(toJson(R, reply)).toEqual(toJson(R, create(R, request as never)));
});
