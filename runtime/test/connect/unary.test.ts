import { toBinary } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { WordsSchema } from "./parrot.ts";
import { call } from "./raw-call.ts";
import { serveParrot } from "./serve-parrot.ts";

const json = { "content-type": "application/json" };

test("answers plain JSON with plain JSON", async () => {
  const { url } = await serveParrot();
  const answer = await call(`${url}/test.parrot.v1.Parrot/Say`, '{"text":"a","count":"7"}', json);
  expect(answer).toMatchObject({ status: 200, json: { text: "a", count: "7" } });
  expect(answer.headers).toMatchObject({
    "content-type": "application/json",
    "content-length": String(answer.body.length),
  });
});

test("answers binary with binary", async () => {
  const { url } = await serveParrot();
  const words = toBinary(WordsSchema, create(WordsSchema, { text: "a" }));
  const answer = await call(`${url}/test.parrot.v1.Parrot/Say`, words, {
    "content-type": "application/proto",
  });
  expect(answer.headers["content-type"]).toBe("application/proto");
  expect(Buffer.compare(answer.body, words)).toBe(0);
});

test("takes an empty body for the message without fields", async () => {
  const { url } = await serveParrot();
  const type = { "content-type": "application/proto" };
  expect(await call(`${url}/test.parrot.v1.Parrot/Say`, "", type)).toMatchObject({ status: 200 });
  const packed = { ...type, "content-encoding": "gzip" };
  expect(await call(`${url}/test.parrot.v1.Parrot/Say`, "", packed)).toMatchObject({ status: 200 });
});

test("writes errors as JSON, with their details", async () => {
  const { url } = await serveParrot();
  const answer = await call(`${url}/test.parrot.v1.Parrot/Say`, '{"text":"fail"}', json);
  expect(answer.status).toBe(404);
  expect(answer.headers["content-type"]).toBe("application/json");
  expect(answer.json).toEqual({
    code: "not_found",
    message: 'nobody says "fail" – nie',
    details: [
      {
        type: "google.rpc.ErrorInfo",
        value: expect.stringMatching(/^[A-Za-z0-9+/]+$/) as string,
        debug: { reason: "NOT_A_PARROT", metadata: { text: "fail" } },
      },
    ],
  });
});

test.for([
  ["text that is no JSON", "{", 400, "invalid_argument"],
  ["a field of another type", '{"count":{}}', 400, "invalid_argument"],
  ["no JSON at all", "", 400, "invalid_argument"],
  ["more than the server takes", `{"text":"${"x".repeat(2000)}"}`, 429, "resource_exhausted"],
] as const)("refuses %s", async ([, body, status, code]) => {
  const { url } = await serveParrot({ maxBodyBytes: 1000 });
  const answer = await call(`${url}/test.parrot.v1.Parrot/Say`, body, json);
  expect(answer).toMatchObject({ status, json: { code } });
});

test("refuses a body above the limit that comes in pieces of unknown number", async () => {
  const { url } = await serveParrot({ maxBodyBytes: 1000 });
  const headers = { ...json, "transfer-encoding": "chunked" };
  const body = `{"text":"${"x".repeat(200_000)}"}`;
  expect(await call(`${url}/test.parrot.v1.Parrot/Say`, body, headers)).toMatchObject({
    status: 429,
    json: {
      code: "resource_exhausted",
      message: "the message is larger than the limit of 1000 bytes",
    },
  });
});

test.for([
  ["gzip", gzipSync],
  ["br", brotliCompressSync],
  ["deflate", deflateSync],
] as const)("takes bodies in %s", async ([encoding, pack]) => {
  const { url } = await serveParrot();
  const headers = { ...json, "content-encoding": encoding };
  const body = JSON.stringify({ text: "x".repeat(100_000) });
  const answer = await call(`${url}/test.parrot.v1.Parrot/Say`, pack(Buffer.from(body)), headers);
  expect(answer.status).toBe(200);
  expect(answer.json).toMatchObject({ text: "x".repeat(100_000) });
});

test("refuses what is packed in ways that nobody knows, and says which are known", async () => {
  const { url } = await serveParrot();
  const headers = { ...json, "content-encoding": "zstd" };
  const answer = await call(`${url}/test.parrot.v1.Parrot/Say`, "{}", headers);
  expect(answer).toMatchObject({ status: 501, json: { code: "unimplemented" } });
  expect(answer.headers["accept-encoding"]).toBe("gzip, deflate, br");
});

test("refuses what is not packed as it says, and what grows beyond the limit", async () => {
  const { url } = await serveParrot({ maxBodyBytes: 10_000 });
  const headers = { ...json, "content-encoding": "gzip" };
  const send = (body: Uint8Array) => call(`${url}/test.parrot.v1.Parrot/Say`, body, headers);
  expect(await send(Buffer.from("{}"))).toMatchObject({ status: 400 });
  const bomb = gzipSync(Buffer.alloc(5_000_000, " "));
  expect(await send(bomb)).toMatchObject({ status: 429, json: { code: "resource_exhausted" } });
});

test("packs replies as other routes do, when the server is told to", async () => {
  const { url } = await serveParrot({ compression: true });
  const body = JSON.stringify({ text: "x".repeat(5000) });
  const headers = { ...json, "accept-encoding": "gzip" };
  const packed = await call(`${url}/test.parrot.v1.Parrot/Say`, body, headers);
  expect(packed.headers).toMatchObject({
    "content-encoding": "gzip",
    "content-length": String(packed.body.length),
    vary: "Accept-Encoding",
  });
  expect(JSON.parse(gunzipSync(packed.body).toString())).toMatchObject({ text: "x".repeat(5000) });
  const plain = await call(`${url}/test.parrot.v1.Parrot/Say`, body, json);
  expect(plain.headers["content-encoding"]).toBeUndefined();
  const failed = await call(
    `${url}/test.parrot.v1.Parrot/Say`,
    JSON.stringify({ text: `fail${"x".repeat(5000)}` }),
    headers,
  );
  expect(failed).toMatchObject({ status: 404, json: { code: "not_found" } });
});

test("sends trailers of the handler as headers with a prefix", async () => {
  const { url } = await serveParrot();
  const answer = await call(`${url}/test.parrot.v1.Parrot/Say`, '{"text":"a"}', {
    ...json,
    "x-md-global-a": "1",
  });
  expect(answer.headers["x-md-global-a-seen"]).toBe("1");
});

test.for([
  ["a content type that nobody knows", { "content-type": "application/xml" }],
  ["no content type", {}],
  ["a charset that is not UTF-8", { "content-type": "application/json; charset=latin1" }],
  ["the content type of streams", { "content-type": "application/connect+json" }],
  ["a subtype that nobody knows", { "content-type": "application/grpc-web+xml" }],
] as const)("answers %s with 415", async ([, headers]) => {
  const { url } = await serveParrot();
  const answer = await call(`${url}/test.parrot.v1.Parrot/Say`, "{}", headers);
  expect(answer.status).toBe(415);
  expect(answer.headers["accept-post"]).toContain("application/json, application/proto");
  expect(answer.headers["accept-post"]).not.toContain("connect+");
});

test.for(["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])(
  "takes %s",
  async (type) => {
    const { url } = await serveParrot();
    const headers = { "content-type": type };
    expect((await call(`${url}/test.parrot.v1.Parrot/Say`, "{}", headers)).status).toBe(200);
  },
);

test("answers other methods of HTTP with 405", async () => {
  const { url } = await serveParrot();
  const put = await call(`${url}/test.parrot.v1.Parrot/Say`, "{}", json, "PUT");
  expect(put).toMatchObject({ status: 405, headers: { allow: "POST" }, body: Buffer.alloc(0) });
  const get = await call(
    `${url}/test.parrot.v1.Parrot/Say?encoding=json&message={}`,
    "",
    {},
    "GET",
  );
  expect(get).toMatchObject({ status: 405, headers: { allow: "POST" } });
});

test("answers clients of Connect that there is no such method", async () => {
  const { url } = await serveParrot();
  const headers = { ...json, "connect-protocol-version": "1" };
  expect(await call(`${url}/test.parrot.v1.Parrot/Sing`, "{}", headers)).toMatchObject({
    status: 404,
    json: { code: "unimplemented" },
  });
});

test("answers unknown methods with 404 to those that speak plain HTTP", async () => {
  const { url } = await serveParrot();
  expect(await call(`${url}/test.parrot.v1.Parrot/Sing`, "{}", json)).toMatchObject({
    status: 404,
    json: { reason: "ROUTE_NOT_FOUND" },
  });
});

test("demands the version of the protocol only when it is told to", async () => {
  const strict = await serveParrot({ requireConnectProtocolHeader: true });
  const say = `${strict.url}/test.parrot.v1.Parrot/Say`;
  expect(await call(say, "{}", json)).toMatchObject({
    status: 400,
    json: {
      code: "invalid_argument",
      message: 'the header "Connect-Protocol-Version" is missing, it must be "1"',
    },
  });
  const version = { ...json, "connect-protocol-version": "1" };
  expect((await call(say, "{}", version)).status).toBe(200);
  const look = `${strict.url}/test.parrot.v1.Parrot/Look?encoding=json&message=%7B%7D`;
  expect((await call(look, undefined, {}, "GET")).status).toBe(400);
  expect((await call(`${look}&connect=v1`, undefined, {}, "GET")).status).toBe(200);
  const lax = await serveParrot();
  const other = { ...json, "connect-protocol-version": "2" };
  expect(await call(`${lax.url}/test.parrot.v1.Parrot/Say`, "{}", other)).toMatchObject({
    status: 400,
    json: { message: 'the header "Connect-Protocol-Version" is "2", it must be "1"' },
  });
});

test.for(["-1", "1s", "12345678901", "", "1.5"])(
  "refuses %o as the time that a call may take",
  async (text) => {
    const { url } = await serveParrot();
    const headers = { ...json, "connect-timeout-ms": text };
    expect(await call(`${url}/test.parrot.v1.Parrot/Say`, "{}", headers)).toMatchObject({
      status: 400,
      json: { message: `"${text}" is no Connect-Timeout-Ms, use up to ten digits` },
    });
  },
);
