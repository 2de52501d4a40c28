import { create, type DescMessage, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import type { HttpServerOptions } from "@kratos-ts/runtime/http";
import { buildSchema } from "./schema.ts";
import { send, serveRules } from "./serve.ts";

const find = buildSchema();
const R = find("test.v1.R");

type Outcome =
  | { readonly message: JsonValue }
  | { readonly status: number; readonly error: Record<string, unknown> };

/** Serves the rules and returns what the request became, as JSON without defaults, or the error. */
async function transcode(
  rules: string,
  request: string,
  body?: string | Buffer,
  headers?: Readonly<Record<string, string>>,
  options?: HttpServerOptions,
): Promise<Outcome> {
  let message: JsonValue | undefined;
  const port = await serveRules(
    rules.split(", "),
    R,
    R,
    (request) => {
      message = toJson(R, request);
      return {};
    },
    options,
  );
  const response = await send(port, request, body, headers);
  if (response.status === 200 && message !== undefined) return { message };
  const error = JSON.parse(response.body) as Record<string, unknown>;
  return { status: response.status, error };
}

/** A message, through the reference implementation, so that spellings of one value are equal. */
function bound(message: JsonValue): Outcome {
  return { message: toJson(R, fromJson(R, message)) };
}

function refused(message: RegExp, status = 400): Outcome {
  const text = expect.stringMatching(message) as unknown;
  return { status, error: { code: status, reason: "CODEC", message: text, metadata: {} } };
}

describe("path variables", () => {
  test.for<[rule: string, path: string, message: JsonValue]>([
    ["GET /v1/{id}:cancel", "/v1/7:cancel", { id: "7" }],
    [
      "GET /v1/{name=operations/**}:cancel",
      "/v1/operations/a/b:cancel",
      { name: "operations/a/b" },
    ],

    ["GET /v1/{n}", "/v1/-0", { n: 0 }],

    ["GET /v1/{text_long}", "/v1/-9223372036854775808", { textLong: "-9223372036854775808" }],
    ["GET /v1/{ul}", "/v1/18446744073709551615", { ul: "18446744073709551615" }],

    ["GET /v1/{w_i}", "/v1/5", { wI: 5 }],
    ["GET /v1/{d}", "/v1/1e3", { d: 1000 }],
  ])("%s with %s", async ([rule, path, message]) => {
    expect(await transcode(rule, `GET ${path}`)).toEqual(bound(message));
  });

  test.for<[rule: string, path: string, error: RegExp]>([
    ["GET /v1/{id}", "/v1/\u00ff", /malformed HTTP request/],
    ["GET /v1/{id}", "/v1/x#frag", /fragment/],
    ["GET /v1/{id}", "/v1/..", /step "\.\."/],
    ["GET /v1/{id}", "/v1/%2e%2E", /step "\.\."/],

    ["GET /v1/{sub.num}", "/v1/x", /field "sub\.num"/],

    ["GET /v1/{raw}", "/v1/*", /field "raw": expected base64/],
    ["GET /v1/{d}", "/v1/inf", /field "d": expected a double/],
    ["GET /v1/{ts}", "/v1/today", /field "ts"/],
    ["GET /v1/{w_i}", "/v1/1.5", /field "w_i"/],
  ])("%s refuses %s", async ([rule, path, error]) => {
    expect(await transcode(rule, `GET ${path}`)).toEqual(refused(error));
  });
});

describe("the query", () => {
  test.for<[query: string, message: JsonValue]>([
    ["sub.num=1&sub.subfield=a", { sub: { num: 1, subfield: "a" } }],

    ["tags=a&tags=b", { tags: ["a", "b"] }],

    ["&&name=x&", { name: "x" }],

    ["w_i=0&w_s=&w_l=9007199254740993", { wI: 0, wS: "", wL: "9007199254740993" }],

    ["w_b=-_8", { wB: "+/8=" }],
    ["wrapped=1&wrapped=2", { wrapped: [1, 2] }],

    ["ts.seconds=1&ts.nanos=5000000", { ts: "1970-01-01T00:00:01.005Z" }],
    [
      "times=2026-01-01T00:00:00Z&times=2026-01-02T00:00:00Z",
      { times: ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"] },
    ],

    ["labels[k]=v&labels[a.b]=w", { labels: { k: "v", "a.b": "w" } }],
    ["labels.k=v&labels.a.b=w", { labels: { k: "v", "a.b": "w" } }],
    ["states_by_number[-7]=ACTIVE", { statesByNumber: { "-7": "ACTIVE" } }],
    ["durations[true]=1s", { durations: { true: "1s" } }],

    ["labels[k=v&sub.missing=1&tags[0]=x", {}],

    ["sub.__proto__.x=1", {}],
    ["text_long=9007199254740993", { textLong: "9007199254740993" }],
  ])("?%s", async ([query, message]) => {
    expect(await transcode("GET /v1/q", `GET /v1/q?${query}`)).toEqual(bound(message));
  });

  test.for<[query: string, error: RegExp]>([
    ["w_i=1&w_i.value=2", /field "w_i": it is given more than once/],

    ["w_i=", /field "w_i"/],

    ["labels[k]=v&labels.k=w", /field "labels\[k\]": it is given more than once/],
    ["labels=v", /write "labels\[key\]=value"/],
    ["states_by_number[x]=ACTIVE", /field "states_by_number": "x" is no key/],
    ["states_by_number[2147483648]=ACTIVE", /is no key/],
    ["subs_by_name[x]=1", /maps of messages/],

    ["nothing=", /field "nothing"/],

    ["any.type_url=x", /field "any"/],
    ["name.x=1", /field "name": it has no field "x"/],

    ["st=1", /field "st"/],

    ["d=1e999", /field "d"/],
    ["f=1e39", /field "f"/],

    ["%FF=1", /not percent-encoded UTF-8/],

    [`${"sub.".repeat(40)}x=1`, /nested too deep/],
    ["n=1&".repeat(1001), /field "n"|more than 1000/],
    ["x=1&".repeat(1001), /more than 1000 parameters/],
  ])("?%s is refused", async ([query, error]) => {
    expect(await transcode("GET /v1/q", `GET /v1/q?${query}`)).toEqual(refused(error));
  });

  test("a key named like the prototype is an entry of a map", async () => {
    const seen: unknown[] = [];
    const port = await serveRules(["GET /q"], R, R, (request) => {
      seen.push((request as unknown as { labels: object }).labels);
      return {};
    });
    await send(port, "GET /q?labels[__proto__]=v");
    expect(Object.keys(seen[0] as object)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)["v"]).toBeUndefined();
  });

  test("unknown parameters are refused when the query is strict", async () => {
    const options = { strict: { query: true } };
    const rule = "POST /v1/{id} body=book";
    expect(await transcode(rule, "POST /v1/x?utm_source=x", "{}", {}, options)).toEqual(
      refused(/"utm_source" is no field of "test.v1.R"/),
    );
    const known = "POST /v1/x?$alt=json&key=k&id=y&book.subfield=z&name=n";
    expect(await transcode(rule, known, "{}", {}, options)).toEqual(
      bound({
        id: "x",
        name: "n",
        book: {},
      }),
    );
  });

  test.for([
    ["1m30s", "90s"],
    ["100ms", "0.100s"],
    ["-1.5h", "-5400s"],
    ["2m0.000000022s", "120.000000022s"],
  ])("Go's duration %s is %s as an option", async ([text, expected]) => {
    const options = { compat: { goDurations: true } };
    const request = transcode("GET /q", `GET /q?dur=${text}`, undefined, {}, options);
    expect(await request).toEqual(bound({ dur: expected! }));
  });

  test.for<[rule: string, request: string, body: string | undefined, message: JsonValue]>([
    ["GET /v1/{pick_a}", "GET /v1/x?pick_b=1", undefined, { pickA: "x" }],
    [
      "POST /v1 body=book",
      "POST /v1?book.subfield=x&book=nonsense",
      '{"num":1}',
      { book: { num: 1 } },
    ],

    ["POST /v1 body=book", "POST /v1?n=5", '{"num":1}', { n: 5, book: { num: 1 } }],
  ])("%s: %s binds where it should", async ([rule, request, body, message]) => {
    expect(await transcode(rule, request, body)).toEqual(bound(message));
  });
});

describe("the body", () => {
  test.for<[rule: string, request: string, body: string, message: JsonValue]>([
    ["POST /v1 body=labels", "POST /v1", '{"a":"b"}', { labels: { a: "b" } }],
    ["POST /v1 body=val", "POST /v1", "null", { val: null }],
    ["POST /v1 body=ts", "POST /v1", '"2026-01-01T00:00:00Z"', { ts: "2026-01-01T00:00:00Z" }],
    ["POST /v1 body=pick_b", "POST /v1", "5", { pickB: 5 }],

    ["POST /v1 body=book", "POST /v1", "", {}],

    ["POST /v1 body=*", "POST /v1", '{"n":1.0,"u":"5"}', { n: 1, u: 5 }],

    [
      "POST /v1 body=*",
      "POST /v1",
      '{"state":1,"states":["CLOSED"]}',
      { state: "ACTIVE", states: ["CLOSED"] },
    ],
    ["POST /v1 body=*", "POST /v1", '{"__proto__":{"x":1},"n":1}', { n: 1 }],
  ])("%s takes %s with %s", async ([rule, request, body, message]) => {
    expect(await transcode(rule, request, body)).toEqual(bound(message));
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  test("that is one of a oneof is refused with another one in the query, with both names", async () => {
    const answer = await transcode("POST /v1 body=pick_b", "POST /v1?pick_a=x", "5");
    expect(answer).toMatchObject({ status: 400 });
    expect(JSON.stringify(answer)).toMatch(/pick_a.*pick_b/);
  });

  test("that is one of a oneof leaves it to the query when it is empty", async () => {
    const answer = await transcode("POST /v1 body=pick_b", "POST /v1?pick_a=x", "");
    expect(answer).toEqual(bound({ pickA: "x" }));
  });

  test.for<[rule: string, body: string | Buffer, error: RegExp]>([
    ["POST /v1 body=*", "null", /./],

    ["POST /v1 body=*", '{"sub":{"deep":{"num":"x"}}}', /field "sub\.deep\.num"/],

    ["POST /v1 body=*", '{"display_name":"a","displayName":"b"}', /display_name/],

    ["POST /v1 body=*", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), /UTF-8/],

    ["POST /v1 body=tags", '{"a":1}', /field "tags"/],
    ["POST /v1 body=name", "abc", /JSON/],
    ["POST /v1 body=n", "1.5", /field "n"/],
  ])("%s refuses %s", async ([rule, body, error]) => {
    expect(await transcode(rule, "POST /v1", body)).toEqual(refused(error));
  });

  test.for<[contentType: string, body: string | Buffer, message: JsonValue]>([
    ["application/json; charset=utf-8", '{"n":5}', { n: 5 }],
    ["application/problem+json", '{"n":5}', { n: 5 }],
    ["Application/JSON", '{"n":5}', { n: 5 }],
    ["application/protojson", '{"n":5}', { n: 5 }],
    ["text/json", '{"n":5}', { n: 5 }],
    ["application/proto", Buffer.from([0x18, 5]), { n: 5 }],
    ["application/x-protobuf", Buffer.from([0x18, 5]), { n: 5 }],
    [
      "application/x-www-form-urlencoded",
      "n=5&sub.num=3&name=a+b",
      { n: 5, sub: { num: 3 }, name: "a b" },
    ],
  ])("reads %s", async ([contentType, body, message]) => {
    const headers = { "Content-Type": contentType };
    expect(await transcode("POST /v1 body=*", "POST /v1", body, headers)).toEqual(bound(message));
  });

  test.for(["text/plain", "multipart/mixed; boundary=x", "application/xml", "nonsense"])(
    "answers %s with 415",
    async (contentType) => {
      const headers = { "Content-Type": contentType };
      const outcome = await transcode("POST /v1 body=*", "POST /v1", '{"n":5}', headers);
      expect(outcome).toEqual(refused(/is not supported, use "application\/json"/, 415));
    },
  );

  test("fills an HttpBody with the bytes of any type", async () => {
    const file = { contentType: "image/png", data: "AAEC" };
    const bytes = Buffer.from([0, 1, 2]);
    const headers = { "Content-Type": "image/png" };
    const request = transcode("POST /v1/{id} body=file", "POST /v1/x?n=5", bytes, headers);
    expect(await request).toEqual(bound({ id: "x", n: 5, file }));
  });

  test("fills a request that is an HttpBody", async () => {
    const HttpBody = find("google.api.HttpBody");
    let seen: unknown;
    const port = await serveRules(["POST /v1 body=*"], HttpBody, R, (request) => {
      seen = request;
      return {};
    });
    await send(port, "POST /v1", "hello", { "Content-Type": "text/plain" });
    expect(seen).toEqual(
      create(HttpBody, { contentType: "text/plain", data: Buffer.from("hello") }),
    );
  });

  test("a strict server refuses unknown members and bodies without a rule", async () => {
    const options = { strict: true };
    expect(await transcode("POST /v1 body=*", "POST /v1", '{"unknown":1}', {}, options)).toEqual(
      refused(/unknown/),
    );
    expect(await transcode("GET /v1", "GET /v1", "{}", {}, options)).toEqual(
      refused(/takes no body/),
    );
    expect(await transcode("GET /v1", "GET /v1?n=1", undefined, {}, options)).toEqual(
      bound({ n: 1 }),
    );
  });
});

test("reply types do not matter to binding", async () => {
  const Empty: DescMessage = find("google.protobuf.Empty");
  const port = await serveRules(["GET /v1"], R, Empty, () => ({}));
  expect((await send(port, "GET /v1")).body).toBe("{}");
});
