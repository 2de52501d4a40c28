import { create, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { cors, type HttpFilter } from "@kratos-ts/runtime/http";
import { createConnectTransport } from "@connectrpc/connect-node";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { Parrot, WordsSchema } from "./parrot.ts";
import { call } from "./raw-call.ts";
import { serveParrot } from "./serve-parrot.ts";

const words = toBinary(
  WordsSchema,
  create(WordsSchema, { text: "ü?", payload: new Uint8Array([255, 0]) }),
);
const base64 = Buffer.from(words).toString("base64");
const base64url = Buffer.from(words).toString("base64url");
const packed = gzipSync(words).toString("base64url");
const percent = [...words].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");

async function look(query: string, method = "GET") {
  const { url } = await serveParrot();
  return call(`${url}/test.parrot.v1.Parrot/Look?${query}`, undefined, {}, method);
}

test("serves methods without side effects by GET", async () => {
  const methods: (string | undefined)[] = [];
  const record: HttpFilter = (next) => (request, response) => {
    methods.push(request.method);
    return next(request, response);
  };
  const { url } = await serveParrot({ filters: [record] });
  for (const useBinaryFormat of [true, false]) {
    const options = { baseUrl: url, httpVersion: "1.1", useHttpGet: true } as const;
    const client = createClient(Parrot, createConnectTransport({ ...options, useBinaryFormat }));
    const text = "ü ?&+";
    expect(await client.look({ text, count: 3n })).toMatchObject({ text, count: 3n }); // oxlint-disable-line no-await-in-loop -- two formats
  }
  expect(methods).toEqual(["GET", "GET"]);
});

test.for([
  ["JSON", `encoding=json&message=${encodeURIComponent('{"text":"ü?","payload":"/wA="}')}`],
  [
    "JSON in base64",
    `base64=1&encoding=json&message=${Buffer.from('{"text":"ü?","payload":"/wA="}').toString("base64url")}`,
  ],
])("reads %s", async ([, query]) => {
  const answer = await look(query!);
  expect(answer).toMatchObject({ status: 200, json: { text: "ü?", payload: "/wA=" } });
  expect(answer.headers["vary"]).toBe("Accept-Encoding");
});

test.for([
  ["base64", `message=${encodeURIComponent(base64)}&base64=1`],
  ["base64 for URLs", `message=${base64url}&base64=1&connect=v1`],
  ["percent-encoding", `message=${percent}`],
  ["gzip", `message=${packed}&base64=1&compression=gzip`],
])("reads binary in %s", async ([, query]) => {
  const answer = await look(`encoding=proto&${query}`);
  expect(answer.status).toBe(200);
  expect(answer.headers["content-type"]).toBe("application/proto");
  expect(Buffer.compare(answer.body, words)).toBe(0);
});

test.for([
  ["no encoding", "message=%7B%7D", 415],
  ["an encoding that nobody knows", "encoding=xml&message=%7B%7D", 415],
  ["no message", "encoding=json", 400],
  ["no message in base64", "encoding=proto&base64=1&message=%21", 400],
  ["half a message in base64", "encoding=proto&base64=1&message=abcde", 400],
  ["a broken percent sign", "encoding=json&message=%7", 400],
  ["a message that is none", "encoding=json&message=x", 400],
  ["another version", "encoding=json&message=%7B%7D&connect=v2", 400],
  ["a compression that nobody knows", "encoding=json&message=%7B%7D&compression=zstd", 501],
] as const)("refuses %s", async ([, query, status]) => {
  expect((await look(query)).status).toBe(status);
});

test("answers HEAD as GET, without the body", async () => {
  const answer = await look("encoding=json&message=%7B%7D", "HEAD");
  expect(answer).toMatchObject({ status: 200, body: Buffer.alloc(0) });
  expect(Number(answer.headers["content-length"])).toBeGreaterThan(0);
});

test("fails with the error of the handler", async () => {
  const answer = await look(`encoding=json&message=${encodeURIComponent('{"text":"fail"}')}`);
  expect(answer).toMatchObject({ status: 404, json: { code: "not_found" } });
});

test("says all that a kept reply depends on", async () => {
  const origin = "https://app.example.com";
  const { url } = await serveParrot({ filters: [cors({ origins: [origin] })], compression: true });
  const long = encodeURIComponent(JSON.stringify({ text: "x".repeat(2000) }));
  for (const message of ["%7B%7D", long]) {
    const path = `/test.parrot.v1.Parrot/Look?encoding=json&message=${message}`;
    const answer = await call(url + path, undefined, { origin }, "GET"); // oxlint-disable-line no-await-in-loop -- two sizes
    expect(answer.headers["access-control-allow-origin"]).toBe(origin);
    expect(answer.headers.vary).toBe("Origin, Accept-Encoding");
  }
});
