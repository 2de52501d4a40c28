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
    ["GET /v1/{name=messages/*}", "/v1/messages/123", { name: "messages/123" }],
    [
      "GET /test/{sub.subfield=*}/name/{name=*}",
      "/test/a/name/b",
      { sub: { subfield: "a" }, name: "b" },
    ],
    ["GET /v1/{name=files/**}", "/v1/files", { name: "files" }],
    ["GET /v1/{name=**}", "/v1", { name: "" }],
    ["GET /v1/{id}:cancel", "/v1/7:cancel", { id: "7" }],
    [
      "GET /v1/{name=operations/**}:cancel",
      "/v1/operations/a/b:cancel",
      { name: "operations/a/b" },
    ],
    ["GET /{id=*}/{name=*}:verb", "/some:verb/const:verb", { id: "some:verb", name: "const" }],
    ["GET /v1/{id}", "/v1/urn:isbn:1", { id: "urn:isbn:1" }],
    ["GET /v1/{id}", "/v1/a%20b", { id: "a b" }],
    ["GET /v1/{id}", "/v1/a%2Fb", { id: "a/b" }],
    ["GET /v1/{id}", "/v1/a+b", { id: "a+b" }],
    ["GET /v1/{id}", "/v1/100%25", { id: "100%" }],
    ["GET /v1/{id}", "/v1/%252F", { id: "%2F" }],
    ["GET /v1/{id}", "/v1/%E4%BD%A0", { id: "你" }],
    ["GET /v1/{name=files/**}", "/v1/files/a%2Fb/c", { name: "files/a%2Fb/c" }],
    ["GET /v1/{name=files/**}", "/v1/files/a%2fb", { name: "files/a%2fb" }],
    ["GET /v1/{name=files/**}", "/v1/files/a%20b", { name: "files/a b" }],
    ["GET /v1/{name=files/**}", "/v1/files/a%3Ab%26c", { name: "files/a:b&c" }],
    ["GET /v1/{name=shelves/*}", "/v1/shelves/a%2Fb", { name: "shelves/a%2Fb" }],
    ["GET /v1/{name=**}", "/v1/a%2Fb", { name: "a%2Fb" }],
    ["GET /v1/{id=foo}", "/v1/foo", { id: "foo" }],
    ["GET /v1/{id}", "/v1/a;b=1", { id: "a;b=1" }],
    ["GET /a/{id=*}/{name=**}", "/a/%21%2F/%21%2F/c", { id: "!/", name: "!%2F/c" }],
    ["GET /v1/{n}", "/v1/42", { n: 42 }],
    ["GET /v1/{n}", "/v1/-0", { n: 0 }],
    ["GET /v1/{n}", "/v1/010", { n: 10 }],
    ["GET /v1/{big}", "/v1/9007199254740993", { big: "9007199254740993" }],
    ["GET /v1/{text_long}", "/v1/-9223372036854775808", { textLong: "-9223372036854775808" }],
    ["GET /v1/{ul}", "/v1/18446744073709551615", { ul: "18446744073709551615" }],
    ["GET /v1/{b}", "/v1/true", { b: true }],
    ["GET /v1/{b}", "/v1/1", { b: true }],
    ["GET /v1/{state}", "/v1/ACTIVE", { state: "ACTIVE" }],
    ["GET /v1/{state}", "/v1/1", { state: "ACTIVE" }],
    ["GET /v1/{state}", "/v1/99", { state: 99 }],
    ["GET /v1/{raw}", "/v1/-_8", { raw: "+/8=" }],
    ["GET /v1/{raw}", "/v1/+%2F8=", { raw: "+/8=" }],
    ["GET /v1/{sub.num}", "/v1/5", { sub: { num: 5 } }],
    ["GET /v1/{pick_a}", "/v1/x", { pickA: "x" }],
    ["GET /v1/{opt_n}", "/v1/0", { optN: 0 }],
    ["GET /v1/{ts}", "/v1/2026-01-01T00:00:00Z", { ts: "2026-01-01T00:00:00Z" }],
    ["GET /v1/{w_i}", "/v1/5", { wI: 5 }],
    ["GET /v1/{d}", "/v1/1e3", { d: 1000 }],
  ])("%s with %s", async ([rule, path, message]) => {
    expect(await transcode(rule, `GET ${path}`)).toEqual(bound(message));
  });

  test.for<[rule: string, path: string, error: RegExp]>([
    ["GET /v1/{id}", "/v1/%zz", /"%zz" is not percent-encoded UTF-8/],
    ["GET /v1/{id}", "/v1/a%", /not percent-encoded/],
    ["GET /v1/{id}", "/v1/%FF", /not percent-encoded/],
    ["GET /v1/{id}", "/v1/\u00ff", /malformed HTTP request/],
    ["GET /v1/{id}", "/v1/x#frag", /fragment/],
    ["GET /v1/{id}", "/v1/..", /step "\.\."/],
    ["GET /v1/{id}", "/v1/%2e%2E", /step "\.\."/],
    ["GET /v1/{n}", "/v1/abc", /field "n": expected an int32, got "abc"/],
    ["GET /v1/{n}", "/v1/2147483648", /field "n": expected an int32 \(-2147483648 to 2147483647\)/],
    ["GET /v1/{n}", "/v1/1.0", /field "n": expected an int32/],
    ["GET /v1/{n}", "/v1/1e2", /field "n"/],
    ["GET /v1/{n}", "/v1/0x10", /field "n"/],
    ["GET /v1/{n}", "/v1/%201", /field "n"/],
    ["GET /v1/{u}", "/v1/-1", /field "u": expected a uint32/],
    ["GET /v1/{big}", "/v1/9223372036854775808", /field "big": expected an int64/],
    ["GET /v1/{sub.num}", "/v1/x", /field "sub\.num"/],
    ["GET /v1/{state}", "/v1/active", /field "state": expected one of .*"ACTIVE"/],
    ["GET /v1/{raw}", "/v1/*", /field "raw": expected base64/],
    ["GET /v1/{d}", "/v1/inf", /field "d": expected a double/],
    ["GET /v1/{ts}", "/v1/today", /field "ts"/],
    ["GET /v1/{w_i}", "/v1/1.5", /field "w_i"/],
  ])("%s refuses %s", async ([rule, path, error]) => {
    expect(await transcode(rule, `GET ${path}`)).toEqual(refused(error));
  });

  test("enum names in any case are an option", async () => {
    const options = { compat: { enumIgnoreCase: true } };
    const request = transcode("GET /v1/{state}", "GET /v1/active", undefined, {}, options);
    expect(await request).toEqual(bound({ state: "ACTIVE" }));
  });

  test("reserved characters stay encoded as an option", async () => {
    const options = { compat: { keepReserved: true } };
    const path = "/v1/files/a%3Ab%26c%20%C3%A9%5b";
    const request = transcode("GET /v1/{name=files/**}", `GET ${path}`, undefined, {}, options);
    expect(await request).toEqual(bound({ name: "files/a%3Ab%26c é%5b" }));
  });
});

describe("the query", () => {
  test.for<[query: string, message: JsonValue]>([
    ["n=5&sub.subfield=foo", { n: 5, sub: { subfield: "foo" } }],
    ["sub.deep.num=3", { sub: { deep: { num: 3 } } }],
    ["sub.num=1&sub.subfield=a", { sub: { num: 1, subfield: "a" } }],
    ["display_name=x", { displayName: "x" }],
    ["displayName=x", { displayName: "x" }],
    ["tags=a&tags=b", { tags: ["a", "b"] }],
    ["tags=a,b", { tags: ["a,b"] }],
    ["tags[]=a&tags%5B%5D=b", { tags: ["a", "b"] }],
    ["sub.tags=a&sub.tags=b", { sub: { tags: ["a", "b"] } }],
    ["states=ACTIVE&states=2", { states: ["ACTIVE", "CLOSED"] }],
    ["name=", { name: "" }],
    ["name", { name: "" }],
    ["&&name=x&", { name: "x" }],
    ["opt_n=0", { optN: 0 }],
    ["n=0", { n: 0 }],
    ["w_i=0&w_s=&w_l=9007199254740993", { wI: 0, wS: "", wL: "9007199254740993" }],
    ["w_i.value=5", { wI: 5 }],
    ["w_b=-_8", { wB: "+/8=" }],
    ["wrapped=1&wrapped=2", { wrapped: [1, 2] }],
    ["ts=2026-01-01T00:00:00Z", { ts: "2026-01-01T00:00:00Z" }],
    ["ts=2026-01-01T08:00:00%2B08:00", { ts: "2026-01-01T00:00:00Z" }],
    ["ts=2026-01-01T00:00:00.123456789Z", { ts: "2026-01-01T00:00:00.123456789Z" }],
    ["ts.seconds=1&ts.nanos=5000000", { ts: "1970-01-01T00:00:01.005Z" }],
    [
      "times=2026-01-01T00:00:00Z&times=2026-01-02T00:00:00Z",
      { times: ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"] },
    ],
    ["dur=3.5s", { dur: "3.500s" }],
    ["dur=-1s", { dur: "-1s" }],
    ["mask=displayName,sub.num", { mask: "displayName,sub.num" }],
    ["mask=display_name", { mask: "displayName" }],
    ["state=1", { state: "ACTIVE" }],
    ["state=ACTIVE", { state: "ACTIVE" }],
    ["labels[k]=v&labels[a.b]=w", { labels: { k: "v", "a.b": "w" } }],
    ["labels.k=v&labels.a.b=w", { labels: { k: "v", "a.b": "w" } }],
    ["states_by_number[-7]=ACTIVE", { statesByNumber: { "-7": "ACTIVE" } }],
    ["durations[true]=1s", { durations: { true: "1s" } }],
    ["st=%7B%22a%22%3A1%7D", { st: { a: 1 } }],
    ["val=1", { val: 1 }],
    ["val=%22x%22", { val: "x" }],
    ["b=true", { b: true }],
    ["b=1", { b: true }],
    ["d=NaN", { d: "NaN" }],
    ["d=Infinity", { d: "Infinity" }],
    ["d=-Infinity", { d: "-Infinity" }],
    ["d=1e3", { d: 1000 }],
    ["name=a+b", { name: "a b" }],
    ["name=a%2Bb", { name: "a+b" }],
    ["%6E=5", { n: 5 }],
    ["utm_source=x&n=1", { n: 1 }],
    ["labels[k=v&sub.missing=1&tags[0]=x", {}],
    ["$alt=json&key=k&prettyPrint=true", {}],
    ["__proto__.x=1&constructor=1&toString=2&__proto__=3", {}],
    ["labels[constructor]=v", { labels: { constructor: "v" } }],
    ["sub.__proto__.x=1", {}],
    ["text_long=9007199254740993", { textLong: "9007199254740993" }],
  ])("?%s", async ([query, message]) => {
    expect(await transcode("GET /v1/q", `GET /v1/q?${query}`)).toEqual(bound(message));
  });

  test.for<[query: string, error: RegExp]>([
    ["display_name=x&displayName=y", /field "display_name": it is given more than once/],
    ["nums=1&nums=x", /field "nums": expected an int32, got "x"/],
    ["n=1&n=2", /field "n": it is given more than once/],
    ["w_i=1&w_i.value=2", /field "w_i": it is given more than once/],
    ["n=", /field "n": expected an int32, got ""/],
    ["n", /field "n"/],
    ["w_i=", /field "w_i"/],
    ["ts=2026-01-01T08:00:00+08:00", /field "ts".*write "%2B"/],
    ["ts=2026-01-01", /field "ts"/],
    ["ts=1700000000", /field "ts"/],
    ["dur=1m", /field "dur"/],
    ["dur=100ms", /field "dur"/],
    ["state=NOPE", /field "state": expected one of/],
    ["labels[k]=v&labels[k]=w", /field "labels\[k\]": it is given more than once/],
    ["labels[k]=v&labels.k=w", /field "labels\[k\]": it is given more than once/],
    ["labels=v", /write "labels\[key\]=value"/],
    ["states_by_number[x]=ACTIVE", /field "states_by_number": "x" is no key/],
    ["states_by_number[2147483648]=ACTIVE", /is no key/],
    ["subs_by_name[x]=1", /maps of messages/],
    ["subs.subfield=x", /field "subs"/],
    ["subs=x", /field "subs": repeated messages cannot be given in a query/],
    ["sub=x", /field "sub": a message cannot be given in a query/],
    ["nothing=", /field "nothing"/],
    ["any=x", /field "any"/],
    ["any.type_url=x", /field "any"/],
    ["name.x=1", /field "name": it has no field "x"/],
    ["val=abc", /field "val": expected JSON, got "abc"/],
    ["st=1", /field "st"/],
    ["pick_a=x&pick_b=1", /field "pick_b": "pick_a" is given too/],
    ["b=yes", /field "b": expected "true" or "false"/],
    ["d=inf", /field "d"/],
    ["d=0x10", /field "d"/],
    ["d=1e999", /field "d"/],
    ["f=1e39", /field "f"/],
    ["name=%zz", /not percent-encoded UTF-8/],
    ["name=%FF", /not percent-encoded UTF-8/],
    ["%FF=1", /not percent-encoded UTF-8/],
    ["n=1;u=2", /field "n": expected an int32, got "1;u=2"/],
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
    ["GET /v1/{id}", "GET /v1/x?id=other", undefined, { id: "x" }],
    ["GET /v1/{n}", "GET /v1/5?n=nonsense", undefined, { n: 5 }],
    [
      "GET /v1/{sub.subfield}",
      "GET /v1/x?sub.subfield=y&sub.num=1",
      undefined,
      { sub: { subfield: "x", num: 1 } },
    ],
    ["GET /v1/{pick_a}", "GET /v1/x?pick_b=1", undefined, { pickA: "x" }],
    [
      "POST /v1 body=book",
      "POST /v1?book.subfield=x&book=nonsense",
      '{"num":1}',
      { book: { num: 1 } },
    ],
    ["POST /v1 body=*", "POST /v1?n=5", '{"u":1}', { u: 1 }],
    ["POST /v1 body=book", "POST /v1?n=5", '{"num":1}', { n: 5, book: { num: 1 } }],
  ])("%s: %s binds where it should", async ([rule, request, body, message]) => {
    expect(await transcode(rule, request, body)).toEqual(bound(message));
  });
});

describe("the body", () => {
  test.for<[rule: string, request: string, body: string, message: JsonValue]>([
    ["PATCH /v1/{id} body=*", "PATCH /v1/9", '{"name":"Hi"}', { id: "9", name: "Hi" }],
    ["PATCH /v1/{id} body=*", "PATCH /v1/9", '{"id":"other","name":"x"}', { id: "9", name: "x" }],
    [
      "PATCH /v1/{book.subfield} body=book",
      "PATCH /v1/a",
      '{"num":2}',
      { book: { subfield: "a", num: 2 } },
    ],
    ["POST /v1 body=book", "POST /v1", "null", {}],
    ["POST /v1 body=tags", "POST /v1", '["a","b"]', { tags: ["a", "b"] }],
    ["POST /v1 body=name", "POST /v1", '"abc"', { name: "abc" }],
    ["POST /v1 body=labels", "POST /v1", '{"a":"b"}', { labels: { a: "b" } }],
    ["POST /v1 body=val", "POST /v1", "null", { val: null }],
    ["POST /v1 body=ts", "POST /v1", '"2026-01-01T00:00:00Z"', { ts: "2026-01-01T00:00:00Z" }],
    ["POST /v1 body=pick_b", "POST /v1", "5", { pickB: 5 }],
    ["POST /v1 body=*", "POST /v1", "", {}],
    ["POST /v1 body=book", "POST /v1", "", {}],
    ["POST /v1 body=*", "POST /v1", '{"unknown":1}', {}],
    ["POST /v1 body=*", "POST /v1", '{"display_name":"a"}', { displayName: "a" }],
    ["POST /v1 body=*", "POST /v1", '{"displayName":"a"}', { displayName: "a" }],
    ["POST /v1 body=*", "POST /v1", '{"n":1.0,"u":"5"}', { n: 1, u: 5 }],
    ["POST /v1 body=*", "POST /v1", '{"big":"9007199254740993"}', { big: "9007199254740993" }],
    [
      "POST /v1 body=*",
      "POST /v1",
      '{"state":1,"states":["CLOSED"]}',
      { state: "ACTIVE", states: ["CLOSED"] },
    ],
    ["POST /v1 body=*", "POST /v1", '{"__proto__":{"x":1},"n":1}', { n: 1 }],
    ["GET /v1", "GET /v1", '{"n":5}', {}],
  ])("%s takes %s with %s", async ([rule, request, body, message]) => {
    expect(await transcode(rule, request, body)).toEqual(bound(message));
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  test.for<[rule: string, body: string | Buffer, error: RegExp]>([
    ["POST /v1 body=*", "[]", /./],
    ["POST /v1 body=*", "1", /./],
    ["POST /v1 body=*", "null", /./],
    ["POST /v1 body=*", '{"n":1.5}', /field "n"/],
    ["POST /v1 body=*", '{"sub":{"deep":{"num":"x"}}}', /field "sub\.deep\.num"/],
    ["POST /v1 body=*", '{"big":9007199254740993}', /field "big"/],
    ["POST /v1 body=*", '{"state":"NOPE"}', /field "state"/],
    ["POST /v1 body=*", '{"display_name":"a","displayName":"b"}', /display_name/],
    ["POST /v1 body=*", '\ufeff{"n":1}', /JSON/],
    ["POST /v1 body=*", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), /UTF-8/],
    ["POST /v1 body=*", '{"n":', /JSON.*line 1|line 1.*JSON|position/],
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

test("the same operation is served by all its rules", async () => {
  const rule = "GET /v1/messages/{id}, GET /v1/users/{name}/messages/{id}";
  expect(await transcode(rule, "GET /v1/users/me/messages/9")).toEqual(
    bound({ name: "me", id: "9" }),
  );
});

test("reply types do not matter to binding", async () => {
  const Empty: DescMessage = find("google.protobuf.Empty");
  const port = await serveRules(["GET /v1"], R, Empty, () => ({}));
  expect((await send(port, "GET /v1")).body).toBe("{}");
});
