import { KratosError, type Middleware } from "@kratos-ts/runtime";
import {
  type HandWrittenOptions,
  type HttpHandler,
  type HttpServerOptions,
  RouteConflictError,
  RouteRuleError,
} from "@kratos-ts/runtime/http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { expect, onTestFinished, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { appInfo, createTestServer, parseRule, type RawResponse, send } from "../serve.ts";

const R = buildSchema()("test.v1.R");

async function answer(
  rule: string,
  handler: HttpHandler,
  request: string,
  {
    body,
    server: serverOptions,
    ...options
  }: HandWrittenOptions & { body?: string; server?: HttpServerOptions } = {},
): Promise<RawResponse> {
  const server = createTestServer(serverOptions);
  const [method = "", path = ""] = rule.split(" ");
  server.route(method, path, handler, options);
  await server.start(appInfo);
  return send(server.port!, request, body);
}

test.for<[rule: string, request: string, params: Record<string, string>]>([
  ["GET /v1/{id}", "GET /v1/a%20b%2Fc", { id: "a b/c" }],
  ["GET /files/{path=**}", "GET /files/a/b%2Fc", { path: "a/b%2Fc" }],
  [
    "GET /v1/{name=shelves/*}/{book.id}:read",
    "GET /v1/shelves/1/2:read",
    {
      name: "shelves/1",
      "book.id": "2",
    },
  ],
  ["GET /plain", "GET /plain", {}],
])("%s finds its variables in %s", async ([rule, request, params]) => {
  const { body } = await answer(rule, (found) => ({ json: found.params }), request);
  expect(JSON.parse(body)).toEqual(params);
});

test("a path that is not UTF-8 is 400", async () => {
  const { status } = await answer("GET /v1/{id}", () => ({}), "GET /v1/%FF");
  expect(status).toBe(400);
});

test.for<
  [title: string, reply: object, status: number, contentType: string | undefined, body: string]
>([
  ["JSON", { json: { a: 1 } }, 200, "application/json", '{"a":1}'],
  ["text", { body: "hé" }, 200, "text/plain; charset=utf-8", "hé"],
  ["bytes", { body: Buffer.from("x") }, 200, "application/octet-stream", "x"],
  ["nothing", {}, 200, "text/plain; charset=utf-8", ""],
  ["a status", { status: 201, body: "x", contentType: "text/html" }, 201, "text/html", "x"],
  ["no content", { status: 204 }, 204, undefined, ""],
])("answers with %s", async ([, reply, status, contentType, body]) => {
  const response = await answer("GET /x", () => reply, "GET /x");
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe(contentType);
  expect(response.body).toBe(body);
});

test.for<[reply: object]>([[{ status: 99 }], [{ body: 5 }]])(
  "%o cannot be sent: 500",
  async ([reply]) => {
    expect((await answer("GET /x", () => reply, "GET /x")).status).toBe(500);
  },
);

test("reads query, headers and body, and sets headers", async () => {
  const handler: HttpHandler = async (request, context) => {
    context.replyHeader.set("X-Host", context.requestHeader.get("host") ?? "");
    return { json: [request.query.get("q"), await request.readJson(), context.operation] };
  };
  const response = await answer("POST /x", handler, "POST /x?q=%C3%BC+1", { body: '{"a":[1]}' });
  expect(JSON.parse(response.body)).toEqual(["ü 1", { a: [1] }, "POST /x"]);
  expect(response.headers.get("x-host")).toBe("test");
});

test.for<[title: string, body: string, status: number]>([
  ["too large", "x".repeat(11), 413],
  ["no JSON", "{", 400],
])("a body that is %s is %i", async ([, body, status]) => {
  const handler: HttpHandler = async (request) => ({ json: await request.readJson() });
  const response = await answer("POST /x", handler, "POST /x", { body, maxBodyBytes: 10 });
  expect(response.status).toBe(status);
  expect(JSON.parse(response.body)).toMatchObject({ code: status });
});

test("runs inside of the same middleware, under its operation", async () => {
  const seen: string[] = [];
  const note =
    (name: string): Middleware =>
    (next) =>
    (request, context) => {
      seen.push(`${name} ${context.operation}`);
      return next(request, context);
    };
  const server = createTestServer({ middleware: [note("all")] });
  server.route("GET", "/x", () => ({}), { operation: "/files.Files/Get" });
  server.use("/files.*", note("files"));
  await server.start(appInfo);
  await send(server.port!, "GET /x");
  expect(seen).toEqual(["all /files.Files/Get", "files /files.Files/Get"]);
});

test("what it throws is answered like an error of an RPC", async () => {
  const handler: HttpHandler = () => {
    throw new KratosError(409, "TAKEN", "taken");
  };
  const { status, body } = await answer("GET /x", handler, "GET /x");
  expect(status).toBe(409);
  expect(JSON.parse(body)).toMatchObject({ reason: "TAKEN" });
});

test("answers by the response itself, bit by bit", async () => {
  const handler: HttpHandler = async ({ response }) => {
    response.writeHead(200, { "Content-Type": "text/csv" });
    await pipeline(Readable.from(["a,", "b"]), response);
    return undefined;
  };
  const { status, headers, body } = await answer("GET /x", handler, "GET /x");
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/csv");
  expect(body).toContain("a,");
});

test("may answer by the response after it has returned", async () => {
  const handler: HttpHandler = ({ response }) => {
    setImmediate(() => response.end("later"));
    return undefined;
  };
  expect((await answer("GET /x", handler, "GET /x")).body).toContain("later");
});

test("one that never answers is ended by the deadline", async () => {
  const response = await answer("GET /x", () => undefined, "GET /x", { timeout: 20 });
  expect(response.status).toBe(504);
});

test("one that fails in the middle of its answer breaks it off", async () => {
  const handler: HttpHandler = async ({ response }) => {
    response.writeHead(200, { "Content-Length": 100 });
    await new Promise<void>((resolve) => response.write("begun", () => resolve()));
    throw new Error("late");
  };
  expect(await answer("GET /x", handler, "GET /x")).toMatchObject({ status: 200, body: "begun" });
});

test("is found by the same rules as RPCs, and collides with them", () => {
  const server = createTestServer();
  server.handle(
    { operation: "/t.T/Get", input: R, output: R, bindings: [parseRule("GET /v1/{id}")] },
    () => ({}),
  );
  expect(() => server.route("GET", "/v1/{name}", () => ({}))).toThrow(RouteConflictError);
  expect(() => server.route("get", "/v2", () => ({}))).toThrow(RouteRuleError);
  expect(() => server.route("GET", "v2", () => ({}))).toThrow(RouteRuleError);
});

test("who waits for a body learns that its client has left", async () => {
  const outcome = createSettled<unknown>();
  const server = createTestServer();
  const read: HttpHandler = async (request) => {
    await request.readBody().catch(outcome.resolve);
    return {};
  };
  server.route("POST", "/x", read, { timeout: 0 });
  await server.start(appInfo);
  const socket = connect(server.port!, "127.0.0.1");
  socket.write("POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nabc", () =>
    socket.destroy(),
  );
  expect(await outcome.promise).toBeInstanceOf(KratosError);
});

test("who waits for a body learns of the deadline", async () => {
  const outcome = createSettled<unknown>();
  const server = createTestServer();
  const read: HttpHandler = async (request) => {
    await request.readJson().catch(outcome.resolve);
    return {};
  };
  server.route("POST", "/x", read, { timeout: 20 });
  await server.start(appInfo);
  const socket = connect(server.port!, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write("POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nabc");
  expect(await outcome.promise).toMatchObject({ code: 408, reason: "BODY_TIMEOUT" });
});

test("a body can be read twice", async () => {
  const read: HttpHandler = async (request) => ({
    json: [String(await request.readBody()), await request.readJson()],
  });
  expect((await answer("POST /x", read, "POST /x", { body: "5" })).body).toBe('["5",5]');
});

test("a body that nobody waits for may fail", async () => {
  const read: HttpHandler = async (request) => {
    void request.readJson();
    await request.readBody();
    return { json: "done" };
  };
  expect((await answer("POST /x", read, "POST /x", { body: "{" })).body).toBe('"done"');
});

test("what is written after the answer is dropped", async () => {
  const written = createSettled<unknown>();
  const write: HttpHandler = ({ response }) => {
    response.end("whole");
    response.write("more", written.resolve);
    return undefined;
  };
  expect((await answer("GET /x", write, "GET /x")).body).toBe("whole");
  expect(await written.promise).toMatchObject({ code: "ERR_STREAM_WRITE_AFTER_END" });
});

/** `Promise.withResolvers` for Node 20. */
function createSettled<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
