import type { DescMessage } from "@bufbuild/protobuf";
import { isKratosError, KratosError, type Middleware } from "@kratos-ts/runtime";
import type { HttpRoute } from "@kratos-ts/runtime/codegenv1";
import { HttpClient, type HttpClientOptions } from "@kratos-ts/runtime/http";
import type { CallOptions, MethodKind } from "../../../src/transport/method.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import { answering, createClient, outcomeOf, routeOf } from "./client-setup.ts";
import { findClosedPort } from "../raw-server.ts";

const kinds = ["unary", "serverStreaming", "clientStreaming", "bidiStreaming"] as const;

/** What a call of any kind fails with. */
async function failureOf(
  kind: MethodKind,
  options: HttpClientOptions,
  request: unknown = {},
  callOptions?: CallOptions | null,
): Promise<unknown> {
  const client = new HttpClient(options);
  onTestFinished(() => client.close());
  const route: HttpRoute<DescMessage, DescMessage, MethodKind> = {
    ...routeOf("POST /x body=*"),
    kind,
  };
  const streamsIn = kind === "clientStreaming" || kind === "bidiStreaming";
  const call = client.method(route) as (request: unknown, options: unknown) => unknown;
  try {
    const reply = call(streamsIn ? each(request) : request, callOptions);
    if (kind === "unary" || kind === "clientStreaming") return await reply;
    for await (const _ of reply as AsyncIterable<unknown>);
  } catch (error) {
    return error;
  }
  return undefined;
}

async function* each(message: unknown): AsyncIterable<unknown> {
  yield message;
}

const broken = (): never => {
  throw new RangeError("broken");
};
const wrapped = { code: 500, reason: "", message: "broken", cause: expect.any(RangeError) };

describe.for(kinds)("every failure of a call is a KratosError: %s", (kind) => {
  const direct = "direct:///127.0.0.1:1";

  test.for<[what: string, options: Partial<HttpClientOptions>]>([
    ["middleware", { middleware: [() => broken] }],
    ["a filter of nodes", { endpoint: direct, filters: [broken] }],
    [
      "a balancer",
      {
        endpoint: direct,
        balancer: { track: (node) => ({ node, begin: broken }), choose: broken },
      },
    ],
  ])("what %s throws is wrapped", async ([, options]) => {
    const error = await failureOf(kind, { endpoint: "127.0.0.1:1", ...options });
    expect(isKratosError(error)).toBe(true);
    expect(error).toMatchObject(wrapped);
  });

  test("a KratosError of middleware passes as it is", async () => {
    const own = new KratosError(418, "TEAPOT", "no coffee");
    const refuse: Middleware = () => () => {
      throw own;
    };
    expect(await failureOf(kind, { endpoint: "127.0.0.1:1", middleware: [refuse] })).toBe(own);
  });

  test("a header that middleware cannot set is wrapped", async () => {
    const spoil: Middleware = (next) => (request, context) => {
      context.requestHeader.set("a b", "c");
      return next(request, context);
    };
    const error = await failureOf(kind, { endpoint: "127.0.0.1:1", middleware: [spoil] });
    expect(error).toMatchObject({ code: 500, reason: "", cause: expect.any(TypeError) });
  });

  test("a header that HTTP cannot carry is 400", async () => {
    const headers = { "x-a": "日" };
    const error = await failureOf(kind, { endpoint: "127.0.0.1:1" }, {}, { headers });
    expect(error).toMatchObject({ code: 400, reason: "CODEC" });
  });

  test("a message that does not fit is 400", async () => {
    const error = await failureOf(kind, { endpoint: "127.0.0.1:1" }, { n: "x" });
    expect(error).toMatchObject({ code: 400, reason: "CODEC" });
  });

  test("options that are none are wrapped", async () => {
    const error = await failureOf(kind, { endpoint: "127.0.0.1:1" }, {}, null);
    expect(isKratosError(error)).toBe(true);
  });

  test("a page's own origin where there is no page is told", async () => {
    const error = await failureOf(kind, { endpoint: "" });
    expect(isKratosError(error)).toBe(true);
  });

  test("nobody at all is 503", async () => {
    const endpoint = `127.0.0.1:${await findClosedPort()}`;
    const error = await failureOf(kind, { endpoint, retry: false });
    expect(error).toMatchObject({ code: 503, reason: "UNREACHABLE" });
  });
});

test.for(["json", "message"] as const)(
  "what a format over %s cannot write is 400, and its KratosError passes",
  async (over) => {
    const contentTypes = ["application/x-none"] as const;
    const formatOf = (encode: () => never) => ({ over, contentTypes, encode, decode: broken });
    const call = (encode: () => never) =>
      failureOf("unary", { endpoint: "127.0.0.1:1", format: formatOf(encode) as never });
    expect(await call(broken)).toMatchObject({
      code: 400,
      reason: "CODEC",
      message: 'the request cannot be written as "application/x-none": broken',
    });
    const own = new KratosError(418, "TEAPOT", "no coffee");
    const refuse = () => {
      throw own;
    };
    expect(await call(refuse)).toBe(own);
  },
);

test("what has no text does no harm where its text is told", async () => {
  const thrown: unknown = Object.create(null);
  const fail = (): never => {
    throw thrown;
  };
  const unreachable = createClient({ endpoint: "http://orders.test", fetch: fail, retry: false });
  expect(await outcomeOf(unreachable, "GET /x")).toMatchObject({
    reason: "UNREACHABLE",
    message: 'cannot reach "http://orders.test": an error without a text was thrown',
    cause: thrown,
  });
  const format = { over: "json", contentTypes: ["application/x-own"], encode: fail, decode: fail };
  const unwritable = createClient({ endpoint: "http://orders.test", format: format as never });
  expect(await outcomeOf(unwritable, "POST /x body=*")).toMatchObject({
    reason: "CODEC",
    message: expect.stringContaining("an error without a text was thrown") as string,
  });
});

test("a content type of a message that HTTP cannot carry is 400", async () => {
  const client = createClient({ endpoint: "127.0.0.1:1" });
  const call = client.method(routeOf("POST /x body=file"));
  const file = { contentType: "a\nb", data: new Uint8Array() };
  await expect(call({ file } as never)).rejects.toMatchObject({ code: 400, reason: "CODEC" });
});

test("leaving a stream whose middleware fails at that is a KratosError", async () => {
  const failing: Middleware = () => async () =>
    (async function* () {
      try {
        yield {};
      } finally {
        broken();
      }
    })();
  const client = createClient({ endpoint: "127.0.0.1:1", middleware: [failing] });
  const route: HttpRoute<DescMessage, DescMessage, "serverStreaming"> = {
    ...routeOf("GET /x"),
    kind: "serverStreaming",
  };
  const leave = async () => {
    for await (const _ of client.method(route)({} as never)) break;
  };
  await expect(leave()).rejects.toMatchObject(wrapped);
});

test("middleware is made once for each method, of whatever kind", () => {
  let made = 0;
  const count: Middleware = (next) => {
    made += 1;
    return next;
  };
  const client = createClient({ endpoint: "127.0.0.1:1", middleware: [count] });
  for (const kind of kinds) client.method({ ...routeOf("POST /x body=*"), kind });
  expect(made).toBe(kinds.length);
});

test("a message type is compiled once, in however many methods it stands", async () => {
  const server = await answering(1);
  const client = createClient({ endpoint: server.address });
  const compiled: string[] = [];
  const original = globalThis.Function;
  onTestFinished(() => {
    globalThis.Function = original;
  });
  globalThis.Function = new Proxy(original, {
    construct(target, parts: string[]) {
      compiled.push(parts.at(-1)!);
      return Reflect.construct(target, parts) as object;
    },
  });
  await outcomeOf(client, "POST /x body=*");
  const once = compiled.length;
  expect(once).toBeGreaterThan(0);
  for (let i = 0; i < 5; i++) await outcomeOf(client, "POST /x body=*"); // oxlint-disable-line no-await-in-loop -- one after the other
  expect(compiled).toHaveLength(once);
});
