import { once } from "node:events";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { isHttpServerContext, requestOrigin } from "@kratos-ts/runtime/http";
import { buildSchema } from "./schema.ts";
import { createDeferred } from "../grpc/deferred.ts";
import { type RawResponse, send, sendRaw, serveRules } from "./serve.ts";
import { serveRooms } from "./streams/rooms.ts";

const R = buildSchema()("test.v1.R");
const rules = ["GET /v1", "POST /v1 body=*", "POST /st body=st"];

const host = "Host: t\r\nConnection: close\r\n";
const get = (fields: string, line = "GET /v1 HTTP/1.1") => `${line}\r\n${host}${fields}\r\n`;
const post = (fields: string, body: string) =>
  `POST /v1 HTTP/1.1\r\n${host}${fields}\r\n\r\n${body}`;
const chunked = (body: string) => post("Transfer-Encoding: chunked", body);
const chunks = "Transfer-Encoding: chunked";
const json = (body: string) => post(`Content-Length: ${Buffer.byteLength(body)}`, body);
const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

function gzipped(body: string): Buffer {
  const bytes = gzipSync(body);
  const head = post(`Content-Encoding: gzip\r\nContent-Length: ${bytes.length}`, "");
  return Buffer.concat([Buffer.from(head), bytes]);
}

test.for<[what: string, request: string | Buffer, status: number]>([
  ["text that is no HTTP", "hello\r\n\r\n", 400],
  ["a TLS handshake", Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), 400],
  ["an HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  ["a NUL in the target", "GET /\0 HTTP/1.1\r\n\r\n", 400],
  ["raw UTF-8 in the target", get("", "GET /v1?id=é HTTP/1.1"), 400],
  ["no Host", "GET /v1 HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
  ["two Hosts", get("Host: u\r\n"), 400],
  ["the same Host twice", get("Host: t\r\n"), 400],
  ["no Host in HTTP/1.0", "GET /v1 HTTP/1.0\r\n\r\n", 200],
  ["the absolute form", get("", "GET http://x/v1?n=5 HTTP/1.1"), 200],
  ["an absolute form without a host", get("", "GET http:///v1 HTTP/1.1"), 400],
  ["an absolute form with a user", get("", "GET http://u@x/v1 HTTP/1.1"), 400],
  ["an absolute form that is not HTTP", get("", "GET ftp://x/v1 HTTP/1.1"), 400],
  ["* with GET", get("", "GET * HTTP/1.1"), 404],
  ["a fragment", get("", "GET /v1#x HTTP/1.1"), 400],
  ["CONNECT", get("", "CONNECT host:80 HTTP/1.1"), 405],
  ["TRACE", get("", "TRACE /v1 HTTP/1.1"), 405],
  ["an upgrade that nobody offers", get("Upgrade: websocket\r\n"), 200],
  [
    "Expect: 100-continue with a body that is too large",
    post("Expect: 100-continue\r\nContent-Length: 99999999", ""),
    100,
  ],
  ["another expectation", get("Expect: tea\r\n"), 417],
  [
    "another expectation without a Host",
    "GET /v1 HTTP/1.1\r\nExpect: tea\r\nConnection: close\r\n\r\n",
    400,
  ],
  ["HTTP/2 as text", get("", "GET /v1 HTTP/2.0"), 505],
  ["HTTP/0.9", get("", "GET /v1 HTTP/0.9"), 505],
  ["a first line without a version", "GET /v1\r\n\r\n", 505],
  ["large headers", get(`X: ${"y".repeat(20_000)}\r\n`), 431],
  ["a long target", get("", `GET /v1?${"a".repeat(20_000)} HTTP/1.1`), 414],
  ["headers named like members of objects", get("__proto__: x\r\nconstructor: y\r\n"), 200],
  ["a folded header", get("X: y\r\n z\r\n"), 400],
  ["a NUL in a header", get("X: a\0b\r\n"), 400],
  ["a negative length", post("Content-Length: -5", "{}"), 400],
  ["an endless length", post("Content-Length: 99999999999999999999", "{}"), 400],
  ["a length above the limit", post("Content-Length: 99999999", ""), 413],
  ["two lengths", post("Content-Length: 2\r\nContent-Length: 3", "{}"), 400],
  [
    "a length and chunks",
    post("Content-Length: 2\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
    400,
  ],
  ["chunks twice", post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n"), 400],
  ["chunks in two headers", post(`${chunks}\r\n${chunks}`, "0\r\n\r\n"), 400],
  ["chunks and a length", post(`${chunks}\r\nContent-Length: 2`, "0\r\n\r\n"), 400],
  ["a coding that ends in no chunks", post("Transfer-Encoding: chunked, gzip", "{}"), 400],
  ["no coding at all", post("Transfer-Encoding: ", "{}"), 400],
  ["the coding that is none", post("Transfer-Encoding: identity", "{}"), 400],
  ["that and a length", post("Transfer-Encoding: identity\r\nContent-Length: 2", "{}"), 400],
  ["a coding with a parameter", post("Transfer-Encoding: chunked;q=1", "0\r\n\r\n"), 400],
  ["a coding under chunks", post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), 501],
  ["the same in two headers", post(`Transfer-Encoding: gzip\r\n${chunks}`, "0\r\n\r\n"), 501],
  ["an unknown coding", post("Transfer-Encoding: identity, chunked", "0\r\n\r\n"), 501],
  ["chunks by another spelling", post("Transfer-Encoding: ,Chunked", "2\r\n{}\r\n0\r\n\r\n"), 200],
  [
    "chunks in HTTP/1.0",
    `POST /v1 HTTP/1.0\r\nHost: t\r\nConnection: keep-alive\r\n${chunks}\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ["a chunk without a size", chunked("zz\r\n{}\r\n"), 400],
  ["a chunk of an endless size", chunked("ffffffffffffffffff\r\n{}\r\n"), 400],
  ["a long chunk extension", chunked(`2;${"a".repeat(100_000)}\r\n{}\r\n0\r\n\r\n`), 400],
  ["chunks with extensions and trailers", chunked("2;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n"), 200],
  ["a gzip bomb", gzipped(" ".repeat(50_000_000)), 413],
  ["gzip", gzipped("{}"), 200],
  ["what is no gzip", post("Content-Encoding: gzip\r\nContent-Length: 2", "{}"), 400],
  ["an unknown encoding", post("Content-Encoding: zstd\r\nContent-Length: 2", "{}"), 415],
  ["an unknown type", post("Content-Type: text/xml\r\nContent-Length: 2", "{}"), 415],
  ["JSON nested too deep", json(`{"val":${deep(200_000)}}`), 400],
  ["unknown JSON nested deep", json(`{"zzz":${deep(200_000)}}`), 200],
  ["unclosed JSON nested deep", json("[".repeat(200_000)), 400],
  ["a key of a megabyte", json(`{"${"k".repeat(1e6)}":1}`), 200],
  ["a number of a megabyte", json(`{"big":"${"9".repeat(1e6)}"}`), 400],
  ["a number too large for a double", json('{"d":1e400}'), 400],
  ["an int64 that JSON rounds", json('{"big":9223372036854775807}'), 400],
  ["the largest int64 as text", json('{"big":"9223372036854775807"}'), 200],
  ["keys named __proto__", json('{"__proto__":{"n":1},"labels":{"__proto__":"x"}}'), 200],
  ["a lone surrogate", json('{"id":"\\ud800"}'), 400],
  ["a byte order mark", json("\ufeff{}"), 400],
])("answers %s", async ([, request, status]) => {
  const port = await serveRules(rules, R, R, (request) => request);
  const response = await sendRaw(port, request);
  expect(response.status).toBe(status);
  if (status >= 400) expectError(response);
});

test.for<[host: string, status: number]>([
  ["", 200],
  ["t:80", 200],
  ["t:", 200],
  ["a_b.example", 200],
  ["caf%C3%A9", 200],
  ["[::1]:80", 200],
  ["[v1.a:b]", 200],
  ["a b", 400],
  ["a/b", 400],
  ["a, b", 400],
  ["a?b", 400],
  ["a#b", 400],
  ["a\\b", 400],
  ["<a>", 400],
  ["\u00e9", 400],
  ["a%zz", 400],
  ["u@a", 400],
  ["http://a", 400],
  ["a:b", 400],
  ["a:80:90", 400],
  [":80", 400],
  ["::1", 400],
  ["[::1", 400],
  ["[::1]x", 400],
  ["[1.2.3.4]", 400],
  ["[fe80::1%eth0]", 400],
])("answers Host: %s with %i", async ([host, status]) => {
  const port = await serveRules(rules, R, R, (request) => request);
  const text = `GET /v1 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  const response = await sendRaw(port, Buffer.from(text, "latin1"));
  expect(response.status).toBe(status);
  if (status >= 400) expectError(response);
});

test.for([
  ["in place of the header", get("", "GET http://[::1]:80/v1 HTTP/1.1")],
  ["where there is no header", "GET http://[::1]:80/v1 HTTP/1.0\r\n\r\n"],
] as const)("the host of an absolute target counts %s", async ([, request]) => {
  let seen: unknown;
  const port = await serveRules(rules, R, R, (_request, context) => {
    const origin = isHttpServerContext(context) ? requestOrigin(context.request) : "";
    seen = [context.requestHeader.values("host"), origin];
    return {};
  });
  await sendRaw(port, request);
  expect(seen).toEqual([["[::1]:80"], "http://[::1]:80"]);
});

const gzipChunks = "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n";

test.for<[what: string, request: string, status: number]>([
  ["in a coding that nobody undoes", `POST /v1 HTTP/1.1\r\nHost: t\r\n${gzipChunks}`, 501],
  ["with an expectation", `POST /v1 HTTP/1.1\r\nHost: t\r\nExpect: tea\r\n${gzipChunks}`, 501],
  [
    "in chunks of HTTP/1.0",
    `POST /v1 HTTP/1.0\r\nHost: t\r\nConnection: keep-alive\r\n${chunks}\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    "in chunks of HTTP/0.9",
    `POST /v1 HTTP/0.9\r\nHost: t\r\nConnection: keep-alive\r\n${chunks}\r\n\r\n0\r\n\r\n`,
    505,
  ],
])("serves nothing behind a body %s, and closes the connection", async ([, request, status]) => {
  let calls = 0;
  const port = await serveRules(rules, R, R, (message) => {
    calls++;
    return message;
  });
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write(`${request}GET /v1 HTTP/1.1\r\nHost: t\r\n\r\n`);
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*Connection: close`, "s"));
  expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(calls).toBe(0);
});

test("leaves headers beyond Node's limit out, or refuses them where Node does", async () => {
  const port = await serveRules(rules, R, R, (request) => request);
  const response = await sendRaw(port, get("a:\r\n".repeat(3000)));
  expect([200, 431]).toContain(response.status);
});

test("answers CONNECT behind a request that is being served, and closes", async () => {
  const port = await serveRules(["GET /v1"], R, R, async () => {
    await new Promise(setImmediate);
    return { n: 5 };
  });
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write("GET /v1 HTTP/1.1\r\nHost: t\r\n\r\nCONNECT t:80 HTTP/1.1\r\nHost: t\r\n\r\n");
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  expect(text).toMatch(/^HTTP\/1\.1 200 .*"n":5/s);
});

test.for([
  ["CONNECT", "CONNECT t:80 HTTP/1.1\r\nHost: t\r\n\r\n"],
  [
    "a WebSocket",
    "GET /ws HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  ],
] as const)("survives clients that ask for %s too early and reset", async ([, request]) => {
  const called = createDeferred();
  const released = createDeferred();
  const closed = createDeferred();
  const { port } = await serveRooms({
    async *listen(_request, context) {
      if (isHttpServerContext(context)) context.request.socket.once("close", closed.resolve);
      called.resolve();
      await released.promise;
      yield { text: "a" };
    },
  });
  const socket = connect(port, "127.0.0.1");
  socket.write(`GET /v1/rooms/a/lines HTTP/1.1\r\nHost: t\r\n\r\n${request}`);
  await called.promise;
  socket.resetAndDestroy();
  await once(socket, "close");
  released.resolve();
  await closed.promise;
  expect((await send(port, "GET /v1/rooms/a/lines")).status).toBe(200);
});

function expectError({ status, body }: RawResponse): void {
  const error: unknown = JSON.parse(body);
  expect(Object.keys(error as object)).toEqual(["code", "reason", "message", "metadata"]);
  expect(error).toMatchObject({ code: status, reason: expect.stringMatching(/^[A-Z_]+$/) });
}
