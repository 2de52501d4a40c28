import { type DescMessage, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { ContentCodec, HttpServerOptions } from "@kratos-ts/runtime/http";
import { describe, expect, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { serveRules } from "../serve.ts";
import { msgpack } from "./msgpack.ts";
import { xml } from "./xml.ts";

const R = buildSchema()("test.v1.R");

/** Messages in base64. */
const base64: ContentCodec = {
  over: "message",
  contentTypes: ["text/x-base64"],
  encode: (message, desc) => Buffer.from(toBinary(desc, message)).toString("base64"),
  decode: (bytes, desc) => fromBinary(desc, Buffer.from(Buffer.from(bytes).toString(), "base64")),
};

const codecs = [msgpack, xml, base64];

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly bytes: Buffer;
}

/** Sends a request to a server that answers with what it was sent. */
async function echo(
  rule: string,
  request: { body?: Uint8Array | string; type?: string; accept?: string; method?: string },
  options: HttpServerOptions = {},
): Promise<Answer> {
  const port = await serveRules([rule], R, R, (message) => message, { codecs, ...options });
  const response = await fetch(`http://127.0.0.1:${port}/v1`, {
    method: rule.split(" ")[0]!,
    headers: {
      Accept: request.accept ?? "application/json",
      "Content-Type": request.type ?? "application/json",
    },
    ...(request.body !== undefined && { body: Buffer.from(request.body) }),
  });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

const json = ({ bytes }: Answer) => JSON.parse(bytes.toString()) as Record<string, unknown>;
const packed = (value: unknown) => msgpack.encode(value as never, R) as Uint8Array;

describe("a codec over plain values", () => {
  test("reads messages", async () => {
    const body = packed({ name: "ä", n: 5, big: "9007199254740993", tags: ["a"], sub: { num: 1 } });
    const answer = await echo("POST /v1 body=*", { body, type: "application/x-msgpack" });
    expect(answer.type).toBe("application/json");
    expect(json(answer)).toMatchObject({
      name: "ä",
      n: 5,
      big: "9007199254740993",
      tags: ["a"],
      sub: { num: 1 },
    });
  });

  test("writes messages", async () => {
    const body = JSON.stringify({ name: "a<b", raw: "AAEC", state: "ACTIVE", n: 200 });
    const answer = await echo("POST /v1 body=*", { body, accept: "application/msgpack" });
    expect(answer.type).toBe("application/msgpack");
    expect(msgpack.decode(answer.bytes, R as never)).toMatchObject({
      name: "a<b",
      raw: "AAEC",
      state: "ACTIVE",
      n: 200,
      sub: null,
    });
  });

  test("that is told the type of the message reads and writes XML", async () => {
    const body = "<R><name>a &lt; b</name><b>true</b><sub><tags>x</tags></sub><nums>5</nums></R>";
    const answer = await echo(
      "POST /v1 body=*",
      { body, type: "text/xml; charset=utf-8", accept: "text/xml" },
      { json: { emitDefaults: false } },
    );
    expect(answer).toMatchObject({ status: 200, type: "text/xml" });
    expect(answer.bytes.toString()).toBe(body);
  });

  test("keeps all digits of integers, whatever JSON clients get", async () => {
    const body = '{"big":"9007199254740993"}';
    const answer = await echo(
      "POST /v1 body=*",
      { body, accept: "application/msgpack" },
      { json: { int64AsNumber: true } },
    );
    expect(msgpack.decode(answer.bytes, R as never)).toMatchObject({ big: "9007199254740993" });
  });

  test("reads and writes one field", async () => {
    const rule = "POST /v1 body=tags response=tags";
    const body = packed(["a", "b"]);
    const answer = await echo(rule, { body, type: "application/msgpack", accept: "text/xml" });
    expect(answer.bytes.toString()).toBe("<tags>a</tags><tags>b</tags>");
    const sub = await echo("POST /v1 body=sub response=sub", {
      body: "<Sub><num>7</num></Sub>",
      type: "application/xml",
    });
    expect(json(sub)).toMatchObject({ num: 7 });
  });

  test("takes an empty body for an empty message", async () => {
    const answer = await echo("POST /v1 body=*", { body: "", type: "application/msgpack" });
    expect(answer.status).toBe(200);
  });

  test.for<[title: string, body: Uint8Array | string, message: string]>([
    [
      "is malformed",
      Buffer.of(0xff),
      'the body is not "application/msgpack": type 0xff is not known',
    ],
    ["is cut off", packed("abc").subarray(0, 3), 'the body is not "application/msgpack": '],
    ["does not fit", packed({ n: "x" }), 'field "n": '],
    [
      "has what JSON has no word for",
      Buffer.concat([
        packed({}).subarray(0, 4),
        Buffer.of(1),
        packed("raw"),
        Buffer.of(0xc6, 0, 0, 0, 1, 7),
      ]),
      'field "raw": ',
    ],
    ["is no object", packed([1]), ""],
  ])("answers what %s with 400", async ([, body, message]) => {
    const answer = await echo("POST /v1 body=*", {
      body,
      type: "application/msgpack",
      accept: "text/xml",
    });
    expect(answer).toMatchObject({ status: 400, type: "application/json" });
    expect(json(answer)).toMatchObject({
      reason: "CODEC",
      message: expect.stringContaining(message),
    });
  });

  test("that cannot write a reply is the server's fault", async () => {
    const broken: ContentCodec = {
      ...msgpack,
      over: "json",
      encode: () => {
        throw new Error("no");
      },
      decode: () => ({}),
    };
    const answer = await echo("GET /v1", { accept: "application/msgpack" }, { codecs: [broken] });
    expect(answer).toMatchObject({ status: 500, type: "application/json" });
  });
});

describe("a codec over messages", () => {
  test("reads and writes them, also in one field", async () => {
    const body = Buffer.from([0x18, 5]).toString("base64");
    const whole = await echo("POST /v1 body=*", { body, type: "text/x-base64" });
    expect(json(whole)).toMatchObject({ n: 5 });
    const sub = Buffer.from([0x10, 7]).toString("base64");
    const field = await echo("POST /v1 body=sub response=sub", {
      body: sub,
      type: "text/x-base64",
      accept: "text/x-base64",
    });
    expect(field).toMatchObject({ status: 200, type: "text/x-base64" });
    expect(field.bytes.toString()).toBe(sub);
  });

  test("leaves fields that are none to JSON", async () => {
    const rule = "POST /v1 body=tags response=tags";
    const refused = await echo(rule, { body: "AA==", type: "text/x-base64" });
    expect(refused.status).toBe(415);
    expect(json(refused)).toMatchObject({
      reason: "CODEC",
      message: 'field "tags" cannot be read from "text/x-base64", use "application/json"',
    });
    const answer = await echo(rule, { body: '["a"]', accept: "text/x-base64" });
    expect(answer).toMatchObject({ type: "application/json" });
    expect(answer.bytes.toString()).toBe('["a"]');
  });

  test("writes what a handler gives as a plain object", async () => {
    const handler = () => ({ n: 5 }) as MessageInitShape<DescMessage>;
    const port = await serveRules(["GET /v1"], R, R, handler, { codecs });
    const response = await fetch(`http://127.0.0.1:${port}/v1`, {
      headers: { Accept: "text/x-base64" },
    });
    expect(await response.text()).toBe("GAU=");
  });
});

describe("a strict server", () => {
  test.for<[accept: string, status: number]>([
    ["text/html", 406],
    ["application/json;q=0", 406],
    ["text/html, */*;q=0.1", 200],
    ["text/xml", 200],
    ["*/*", 200],
  ])("answers Accept: %s with %i", async ([accept, status]) => {
    let calls = 0;
    const handler = () => {
      calls++;
      return {};
    };
    const port = await serveRules(["POST /v1 body=*"], R, R, handler, {
      codecs,
      strict: { accept: true },
    });
    const response = await fetch(`http://127.0.0.1:${port}/v1`, {
      method: "POST",
      headers: { Accept: accept },
    });
    expect(response.status).toBe(status);
    expect(calls).toBe(status === 200 ? 1 : 0);
    if (status === 200) return;
    expect(await response.json()).toMatchObject({
      reason: "CODEC",
      message: expect.stringContaining(
        '"application/msgpack", "application/x-msgpack", "application/xml"',
      ),
    });
  });

  test("lets raw replies be what they are", async () => {
    const handler = () => ({ file: { contentType: "text/html", data: Buffer.from("<p>") } });
    const rules = ["GET /v1 response=file"];
    const port = await serveRules(rules, R as DescMessage, R, handler, { strict: true });
    const response = await fetch(`http://127.0.0.1:${port}/v1`, { headers: { Accept: "image/*" } });
    expect(response.headers.get("content-type")).toBe("text/html");
    expect(await response.text()).toBe("<p>");
  });
});

test("a content type that is not known is answered with those that are", async () => {
  const answer = await echo("POST /v1 body=*", { body: "a,b", type: "text/csv" });
  expect(answer.status).toBe(415);
  expect(json(answer)["message"]).toContain(
    '"application/json", "application/protojson", "application/msgpack"',
  );
});
