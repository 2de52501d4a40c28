import { KratosError } from "@kratos-ts/runtime";
import { type Envelope, redirect } from "@kratos-ts/runtime/http";
import { expect, test } from "vitest";
import { collect, serveRooms } from "../streams/rooms.ts";
import { buildSchema } from "../schema.ts";
import { send, serveRules } from "../serve.ts";

const R = buildSchema()("test.v1.R");

const envelope: Envelope = {
  reply: (data, { operation }) => ({ code: 0, data, operation }),
  error: ({ code, reason, message }) => ({
    status: 200,
    body: { code, reason, message, data: null },
  }),
};

function serve(rule: string, envelope: Envelope, handler: () => object = () => ({ name: "x" })) {
  return serveRules([rule], R, R, handler as () => Record<string, unknown>, { envelope });
}

test("replies are what the envelope makes of them", async () => {
  const port = await serve("GET /v1", envelope);
  const { status, headers, body } = await send(port, "GET /v1");
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("application/json");
  expect(Number(headers.get("content-length"))).toBe(Buffer.byteLength(body));
  expect(JSON.parse(body)).toMatchObject({
    code: 0,
    data: { name: "x" },
    operation: "/test.v1.Test/GET /v1",
  });
});

test("text in a reply is never taken for the envelope's own", async () => {
  const name = '$& "reply" \\ $1 {{data}}';
  const port = await serve("GET /v1", envelope, () => ({ name }));
  const { body } = await send(port, "GET /v1");
  expect(JSON.parse(body)).toMatchObject({ data: { name } });
});

test("one field of a reply is wrapped as it is sent", async () => {
  const port = await serve("GET /v1 response=tags", envelope, () => ({ tags: ["a"] }));
  expect(JSON.parse((await send(port, "GET /v1")).body)).toMatchObject({ code: 0, data: ["a"] });
});

test("an envelope may leave the reply out", async () => {
  const port = await serve("GET /v1", { reply: () => ({ ok: true }) });
  expect((await send(port, "GET /v1")).body).toBe('{"ok":true}');
});

test("binary replies stay as they are", async () => {
  const port = await serve("GET /v1", envelope);
  const { headers, body } = await send(port, "GET /v1", undefined, { Accept: "application/proto" });
  expect(headers.get("content-type")).toBe("application/proto");
  expect(body).not.toContain("code");
});

test("streams and uploads stay as they are, but for what refuses them", async () => {
  const { port } = await serveRooms(
    {
      async *listen({ name }) {
        if (name === "gone") throw new KratosError(410, "ROOM_CLOSED", "closed");
        yield { text: "one" };
        throw new KratosError(410, "ROOM_CLOSED", "closed");
      },
      dictate: async (lines) => ({ lines: (await collect(lines)).length }),
    },
    { envelope },
  );
  const listened = await send(port, "GET /v1/rooms/a/lines");
  expect(listened.body).toContain('"text":"one"');
  expect(listened.body).toContain('{"error":{"code":410,');
  expect(listened.body).not.toContain('"data"');
  const refused = await send(port, "GET /v1/rooms/gone/lines");
  expect(JSON.parse(refused.body)).toMatchObject({ code: 410, data: null });
  const upload = await send(port, "POST /v1/rooms/a/lines", '{"text":"x"}\n');
  expect(JSON.parse(upload.body)).toEqual({ lines: 1 });
});

test("errors are what the envelope makes of them, also where no route is", async () => {
  const port = await serve("GET /v1", envelope, () => {
    throw new KratosError(409, "TAKEN", "taken");
  });
  const { status, body } = await send(port, "GET /v1");
  expect(status).toBe(200);
  expect(JSON.parse(body)).toEqual({ code: 409, reason: "TAKEN", message: "taken", data: null });
  const missing = await send(port, "GET /nope");
  expect(missing.status).toBe(200);
  expect(JSON.parse(missing.body)).toMatchObject({ code: 404, reason: "ROUTE_NOT_FOUND" });
});

test("redirects stay as they are", async () => {
  const port = await serve("GET /v1", envelope, () => {
    throw redirect("/v2", 303);
  });
  const { status, headers, body } = await send(port, "GET /v1");
  expect(status).toBe(303);
  expect(headers.get("location")).toBe("/v2");
  expect(JSON.parse(body)).toMatchObject({ reason: "REDIRECT", metadata: { location: "/v2" } });
});

test("the status of an error stays when the envelope gives none", async () => {
  const port = await serve("GET /v1", { error: ({ code }) => ({ body: { code } }) });
  expect(await send(port, "GET /nope")).toMatchObject({ status: 404, body: '{"code":404}' });
});

test.for<[title: string, error: NonNullable<Envelope["error"]>]>([
  [
    "that throws",
    () => {
      throw new Error("broken");
    },
  ],
  ["with a status that answers nothing", () => ({ status: 100, body: {} })],
])("an envelope of errors %s leaves them as they are", async ([, error]) => {
  const port = await serve("GET /v1", { error });
  const { status, body } = await send(port, "GET /nope");
  expect(status).toBe(404);
  expect(JSON.parse(body)).toMatchObject({ reason: "ROUTE_NOT_FOUND" });
});

test("an envelope of replies that throws is an error of the server", async () => {
  const reply = (): never => {
    throw new Error("broken");
  };
  const port = await serve("GET /v1", { reply });
  expect((await send(port, "GET /v1")).status).toBe(500);
});
