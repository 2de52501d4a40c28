import type { CallContext } from "@kratos-ts/runtime";
import { HttpClient, type HttpServerOptions, isHttpServerContext } from "@kratos-ts/runtime/http";
import { expect, onTestFinished, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { appInfo, createTestServer, parseRule, send, serveRules } from "../serve.ts";
import { serveRooms } from "../streams/rooms.ts";

const R = buildSchema()("test.v1.R");

function setStatus(context: CallContext, status: number): void {
  if (!isHttpServerContext(context)) throw new TypeError("not by HTTP");
  context.replyStatus = status;
}

/** A service at `/v1` that answers with this status. */
function serveStatus(status: number, options: HttpServerOptions = {}): Promise<number> {
  const handler = (_request: unknown, context: CallContext) => {
    setStatus(context, status);
    context.replyHeader.set("X-Own", "1");
    return { id: "7" } as never;
  };
  const rules = ["GET /v1", "GET /v1/id response=id", "GET /v1/tags response=tags"];
  return serveRules(rules, R, R, handler, options);
}

test.for([200, 201, 202, 203, 226, 299])("%d goes out with the reply", async (status) => {
  const response = await send(await serveStatus(status), "GET /v1");
  expect(response.status).toBe(status);
  expect(response.headers.get("x-own")).toBe("1");
  expect(JSON.parse(response.body)).toMatchObject({ id: "7" });
});

test("goes out with replies that are compressed, and with those that need not be", async () => {
  const port = await serveStatus(201, { compression: { threshold: 1 } });
  const packed = await send(port, "GET /v1", undefined, { "Accept-Encoding": "gzip" });
  expect([packed.status, packed.headers.get("content-encoding")]).toEqual([201, "gzip"]);
  expect((await send(port, "GET /v1")).status).toBe(201);
});

test.for<[status: number, length: string | undefined]>([
  [204, undefined],
  [205, "0"],
])("%d goes out without a body", async ([status, length]) => {
  const response = await send(await serveStatus(status), "GET /v1");
  expect([response.status, response.body]).toEqual([status, ""]);
  expect(response.headers.get("content-length")).toBe(length);
  expect(response.headers.has("content-type")).toBe(false);
  expect(response.headers.has("transfer-encoding")).toBe(false);
  expect(response.headers.get("x-own")).toBe("1");
});

test.for([199, 300, 304, 404, 0, -1, 200.5, Number.NaN, "201", undefined])(
  "%s is refused where it is set",
  async (status) => {
    const port = await serveRules(["GET /v1"], R, R, (_request, context) => {
      expect(() => setStatus(context, status as number)).toThrow(
        new TypeError(`${String(status)} is no status of a reply, use 200 to 299, or throw`),
      );
      return {};
    });
    expect((await send(port, "GET /v1")).status).toBe(200);
  },
);

test("the status of an error wins", async () => {
  const port = await serveRules(["GET /v1"], R, R, (_request, context) => {
    setStatus(context, 201);
    throw new Error("broken");
  });
  expect((await send(port, "GET /v1")).status).toBe(500);
});

test("is that of an upload, too", async () => {
  for (const [status, body] of [
    [201, '{"lines":1}'],
    [204, ""],
  ] as const) {
    /* oxlint-disable no-await-in-loop -- one after the other */
    const { port } = await serveRooms({
      async dictate(lines, context) {
        let count = 0;
        for await (const _ of lines) count++;
        setStatus(context, status);
        return { lines: count };
      },
    });
    const response = await send(port, "POST /v1/rooms/hall/lines", '{"text":"a"}');
    expect([response.status, response.body]).toEqual([status, body]);
    /* oxlint-enable no-await-in-loop */
  }
});

test("is what a hand-written route answers with, unless its reply has another", async () => {
  const server = createTestServer();
  server.route("GET", "/own", (_request, context) => {
    context.replyStatus = 204;
    return {};
  });
  server.route("GET", "/other", (_request, context) => {
    context.replyStatus = 204;
    return { status: 202, body: "x" };
  });
  await server.start(appInfo);
  expect((await send(server.port!, "GET /own")).status).toBe(204);
  expect((await send(server.port!, "GET /other")).status).toBe(202);
});

test.for<[status: number, path: string, want: object]>([
  [201, "/v1", { id: "7" }],
  [202, "/v1/id response=id", { id: "7" }],
  [299, "/v1/tags response=tags", { tags: [] }],
  [204, "/v1", { id: "", tags: [] }],
  [205, "/v1", { id: "", tags: [] }],
  [204, "/v1/id response=id", { id: "", tags: [] }],
  [204, "/v1/tags response=tags", { id: "", tags: [] }],
])("a client takes %d at %s for success", async ([status, path, want]) => {
  const client = new HttpClient({ endpoint: `127.0.0.1:${await serveStatus(status)}` });
  onTestFinished(() => client.close());
  const bindings = [parseRule(`GET ${path}`)] as const;
  const call = client.method({ operation: "/test.v1.Test/Call", input: R, output: R, bindings });
  // Twice, so that what follows on the connection is seen.
  expect(await call({} as never)).toMatchObject(want);
  expect(await call({} as never)).toMatchObject(want);
});
