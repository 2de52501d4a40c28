import { expect, test } from "vitest";
import {
  type HttpHandlerRequest,
  type HttpServerOptions,
  RouteRuleError,
} from "@kratos-ts/runtime/http";
import { buildSchema } from "../schema.ts";
import { appInfo, createTestServer, parseRule, send } from "../serve.ts";

const R = buildSchema()("test.v1.R");

function createServer(options: HttpServerOptions = {}) {
  const server = createTestServer(options);
  for (const [operation, rule] of [
    ["/t.v1.A/Get", "GET /a/{name}"],
    ["/t.v1.A/Post", "POST /a body=*"],
    ["/t.v1.B/Post", "POST /b body=*"],
  ] as const) {
    const bindings = [parseRule(rule)] as const;
    server.handle({ operation, input: R, output: R, bindings }, (request) => request);
  }
  return server;
}

test("sets options for one operation, the others keep the server's", async () => {
  const server = createServer();
  server.configure("/t.v1.A/Post", { maxBodyBytes: 5 });
  await server.start(appInfo);
  expect((await send(server.port!, "POST /a", '{"name":"x"}')).status).toBe(413);
  expect((await send(server.port!, "POST /b", '{"name":"x"}')).status).toBe(200);
});

test.for<[selectors: readonly string[], status: number]>([
  [["*"], 413],
  [["*", "/t.v1.A*"], 413],
  [["/t.v1.A/Post", "*"], 200],
  [["/t.v1.A*", "/t.*"], 200],
  [["/t.v1.B*"], 200],
])("of %o, the most exact one alone counts: %i", async ([selectors, status]) => {
  const server = createServer();
  // All but the most exact one are too small; the most exact one is large where it comes first.
  selectors.forEach((selector, index) => {
    server.configure(selector, {
      maxBodyBytes: index === 0 && selectors.length > 1 && status === 200 ? 100 : 5,
    });
  });
  await server.start(appInfo);
  expect((await send(server.port!, "POST /a", '{"name":"x"}')).status).toBe(status);
});

test("changes the JSON of one operation, both ways", async () => {
  const server = createServer({ strict: { fields: false } });
  server.configure("/t.v1.A/*", { json: { emitDefaults: false, ignoreUnknown: false } });
  await server.start(appInfo);
  expect((await send(server.port!, "GET /a/x")).body).toBe('{"name":"x"}');
  expect((await send(server.port!, "POST /a", '{"nope":1}')).status).toBe(400);
  const { status, body } = await send(server.port!, "POST /b", '{"nope":1}');
  expect(status).toBe(200);
  expect(JSON.parse(body)).toHaveProperty("name", "");
});

test("gives operations time of their own", async () => {
  const server = createTestServer({ timeout: 10 });
  const bindings = [parseRule("GET /slow")] as const;
  server.handle(
    { operation: "/t.T/Slow", input: R, output: R, bindings },
    async (_request, context) => {
      expect(context.deadline).toBeUndefined();
      return {};
    },
  );
  server.configure("/t.T/Slow", { timeout: 0 });
  await server.start(appInfo);
  expect((await send(server.port!, "GET /slow")).status).toBe(200);
});

test("reaches hand-written routes, by their operation", async () => {
  const server = createTestServer();
  server.route("POST", "/x", async (request) => ({ body: await request.readBody() }));
  server.configure("POST /x", { maxBodyBytes: 1 });
  await server.start(appInfo);
  expect((await send(server.port!, "POST /x", "xx")).status).toBe(413);
});

test.for<[own: number | undefined, configured: number | undefined, status: number]>([
  [3, 1, 200],
  [1, 3, 413],
  [3, undefined, 200],
  [undefined, 1, 413],
  [undefined, 3, 200],
  [undefined, undefined, 413],
])("a route's own limit of %o counts before a configured one of %o", async ([own, set, status]) => {
  const server = createTestServer({ maxBodyBytes: 1 });
  const handler = async (request: HttpHandlerRequest) => ({ body: await request.readBody() });
  server.route("POST", "/x", handler, { maxBodyBytes: own });
  server.configure("POST /x", { maxBodyBytes: set });
  await server.start(appInfo);
  expect((await send(server.port!, "POST /x", "xx")).status).toBe(status);
});

test.for<[own: number | undefined, configured: number | undefined, hasDeadline: boolean]>([
  [0, 5000, false],
  [5000, 0, true],
  [undefined, 0, false],
  [undefined, undefined, true],
])("a route's own time of %o counts before a configured one of %o", async ([own, set, has]) => {
  const server = createTestServer({ timeout: 5000 });
  server.route("GET", "/x", (_request, { deadline }) => ({ json: deadline !== undefined }), {
    timeout: own,
  });
  server.configure("*", { timeout: set });
  await server.start(appInfo);
  expect((await send(server.port!, "GET /x")).body).toBe(String(has));
});

test("is refused once the server has started", async () => {
  const server = createServer();
  await server.start(appInfo);
  expect(() => server.configure("*", {})).toThrow(
    'cannot configure "*" on a server that has started',
  );
});

test.for<[prefix: string, request: string, status: number]>([
  ["/api", "GET /api/a/x", 200],
  ["/api/", "GET /api/a/x", 200],
  ["api/v2", "GET /api/v2/a/x", 200],
  ["/api", "GET /a/x", 404],
  ["/", "GET /a/x", 200],
  ["", "GET /a/x", 200],
])("with the prefix %j, %s is %i", async ([prefix, request, status]) => {
  const server = createServer({ prefix });
  await server.start(appInfo);
  const response = await send(server.port!, request);
  expect(response.status).toBe(status);
  expect(status === 404 || (JSON.parse(response.body) as { name: string }).name === "x").toBe(true);
});

test.for(["/{tenant}", "/a/*", "/a:verb", "/a//b", "/a?b"])("refuses the prefix %j", (prefix) => {
  expect(() => createTestServer({ prefix })).toThrow("is no prefix for paths");
});

test("problems of a rule are told when it is registered, whatever is configured", () => {
  const server = createTestServer();
  server.configure("*", { json: { emitDefaults: false } });
  const bindings = [parseRule("GET /{nope}")] as const;
  const add = () =>
    server.handle({ operation: "/t.T/X", input: R, output: R, bindings }, () => ({}));
  expect(add).toThrow(RouteRuleError);
});
