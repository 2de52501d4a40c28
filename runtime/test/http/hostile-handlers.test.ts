/* oxlint-disable unicorn/no-thenable -- handlers that return such things are the point */
import type { DescMessage } from "@bufbuild/protobuf";
import { type CallContext, KratosError } from "@kratos-ts/runtime";
import { expect, test } from "vitest";
import type { UnaryHandler } from "../../src/transport/method.ts";
import { buildSchema } from "./schema.ts";
import { send, serveRules } from "./serve.ts";

const R = buildSchema()("test.v1.R");

/** What plain JavaScript can do, whatever the types say. */
type Misbehave = (request: unknown, context: CallContext) => unknown;

function thrown(value: unknown): Misbehave {
  return () => {
    throw value;
  };
}

function errorWith(metadata: unknown): Misbehave {
  return () =>
    Promise.reject(
      new KratosError(400, "A", "m", { metadata: metadata as Record<string, string> }),
    );
}

function errorLike(fields: object): Misbehave {
  return thrown(
    Object.assign(new Error("m"), { name: "KratosError", code: 400, reason: "A" }, fields),
  );
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const circular: Record<string, unknown> = {};
circular["self"] = circular;

const setHeader =
  (name: unknown, value: unknown): Misbehave =>
  (_request, context) => {
    context.replyHeader.set(name as string, value as string);
    return {};
  };

async function call(handler: Misbehave, rule = "GET /v1") {
  const port = await serveRules([rule], R, R, handler as UnaryHandler<DescMessage, DescMessage>, {
    timeout: 200,
  });
  return send(port, "GET /v1");
}

test.for<[what: string, handler: Misbehave]>([
  ["throws undefined", thrown(undefined)],
  ["throws null", thrown(null)],
  ["throws a string", thrown("text")],
  ["throws a symbol", thrown(Symbol("x"))],
  ["throws what has no prototype", thrown(Object.create(null))],
  ["throws a revoked proxy", thrown(revoked())],
  ["throws a frozen error", thrown(Object.freeze(new Error("x")))],
  ["rejects with undefined", () => Promise.reject(undefined as unknown as Error)],
  ["returns undefined", () => undefined],
  ["returns null", () => Promise.resolve(null)],
  ["returns text", () => "text"],
  ["returns a message with a wrong type", () => ({ n: "five" })],
  [
    "returns a message whose getter throws",
    () => ({
      get id() {
        throw new Error("x");
      },
    }),
  ],
  [
    "returns what throws when waited for",
    () => ({
      then() {
        throw new Error("x");
      },
    }),
  ],
  [
    "returns what throws when looked at",
    () => ({
      get then() {
        throw new Error("x");
      },
    }),
  ],
  ["sets a header to undefined", setHeader("x-a", undefined)],
  ["sets a header to a number", setHeader("x-a", 5)],
  ["sets a header of two lines", setHeader("x-a", "b\r\nc: d")],
  ["sets a header without a name", setHeader("", "a")],
])("a handler that %s gives 500 and no more", async ([, handler]) => {
  const response = await call(handler);
  expect(response.status).toBe(500);
  const error = { code: 500, reason: "UNKNOWN", message: "internal server error", metadata: {} };
  expect(JSON.parse(response.body)).toEqual(error);
});

test.for<[what: string, data: unknown]>([
  ["a list", [1, 2]],
  ["text", "abc"],
])("%s in place of bytes of an HttpBody gives 500", async ([, data]) => {
  const handler = () => ({ file: { contentType: "a/b", data } });
  expect((await call(handler, "GET /v1 response=file")).status).toBe(500);
});

test("a line break in the content type of an HttpBody gives 500", async () => {
  const handler = () => ({ file: { contentType: "a/b\r\nx: y", data: new Uint8Array() } });
  expect((await call(handler, "GET /v1 response=file")).status).toBe(500);
});

test.for<[metadata: unknown, want: Record<string, string>]>([
  [
    { a: 5, b: true, c: 5n },
    { a: "5", b: "true", c: "5" },
  ],
  [{ a: null, b: undefined, c: "" }, { c: "" }],
  [
    { a: { x: 1 }, b: { x: 5n }, c: circular },
    { a: '{"x":1}', b: "a value without a text", c: "a value without a text" },
  ],
  [null, {}],
])("metadata %o is sent as text", async ([metadata, want]) => {
  const response = await call(errorWith(metadata));
  expect(response.status).toBe(400);
  expect(JSON.parse(response.body)).toEqual({
    code: 400,
    reason: "A",
    message: "m",
    metadata: want,
  });
});

test.for<[fields: object, message: string]>([
  [{}, "m"],
  [{ message: { a: 1 } }, '{"a":1}'],
  [{ message: 5n }, "5"],
  [{ message: undefined, metadata: "x" }, ""],
])("an error of another copy with %o is sent", async ([fields, message]) => {
  const response = await call(errorLike(fields));
  expect(response.status).toBe(400);
  expect(JSON.parse(response.body)).toEqual({ code: 400, reason: "A", message, metadata: {} });
});

test("line breaks in an error stay in the body", async () => {
  const response = await call(thrown(new KratosError(400, "A\r\nX: y", "m\r\n\r\nB\u0000")));
  expect(response.headers.has("x")).toBe(false);
  expect(JSON.parse(response.body)).toMatchObject({
    reason: "A\r\nX: y",
    message: "m\r\n\r\nB\u0000",
  });
});

test("headers that describe the message on the wire are the server's own", async () => {
  const response = await call((_request, { replyHeader }) => {
    for (const name of [
      "Content-Length",
      "Transfer-Encoding",
      "Connection",
      "Upgrade",
      "Trailer",
    ]) {
      replyHeader.set(name, "5");
    }
    replyHeader.set("X-Kept", "1");
    return { id: "a" };
  });
  expect(response.headers.get("content-length")).toBe(String(response.body.length));
  expect(response.headers.get("connection")).toBe("close");
  expect(response.headers.has("transfer-encoding")).toBe(false);
  expect(response.headers.get("x-kept")).toBe("1");
});

test("a reply that comes too late, or twice, is dropped", async () => {
  let settle: (value: unknown) => void = () => undefined;
  const late = await call(() => new Promise((resolve) => (settle = resolve)));
  expect(late.status).toBe(504);
  settle({ id: "late" });
  const twice = await call(() => ({
    then(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
      resolve({ id: "first" });
      resolve({ id: "second" });
      reject(new Error("third"));
    },
  }));
  expect(twice.status).toBe(200);
  expect(JSON.parse(twice.body)).toMatchObject({ id: "first" });
});
