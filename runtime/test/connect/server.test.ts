import { HttpServer, RouteConflictError } from "@kratos-ts/runtime/http";
import { createLogger } from "@kratos-ts/runtime/log";
import type { Middleware } from "@kratos-ts/runtime/middleware";
import { isGrpcServerContext } from "@kratos-ts/runtime/grpc";
import { describe, expect, test } from "vitest";
import type { CallContext } from "../../src/transport/context.ts";
import { Look, registerParrot, Repeat, Say, WordsSchema } from "./parrot.ts";
import { call, envelope, readEnvelopes } from "./raw-call.ts";
import { serveParrot } from "./serve-parrot.ts";

const json = { "content-type": "application/json" };
const stream = { "content-type": "application/connect+json" };
const web = { "content-type": "application/grpc-web+json" };

/** Notes the calls that pass. */
function note(calls: string[], name: string): Middleware {
  return (next) => (request, context) => {
    calls.push(`${name} ${context.kind} ${context.operation}`);
    return next(request, context);
  };
}

test("middleware of the server and of selectors is around calls of every protocol", async () => {
  const calls: string[] = [];
  const { url } = await serveParrot({
    middleware: [note(calls, "all")],
    onCreate: (server) => server.use("/test.parrot.v1.Parrot/Rep*", note(calls, "some")),
  });
  await call(`${url}/test.parrot.v1.Parrot/Say`, "{}", json);
  await call(`${url}/test.parrot.v1.Parrot/Repeat`, envelope("{}"), stream);
  await call(`${url}/test.parrot.v1.Parrot/Repeat`, envelope("{}"), web);
  expect(calls).toEqual([
    "all grpc /test.parrot.v1.Parrot/Say",
    "all grpc /test.parrot.v1.Parrot/Repeat",
    "some grpc /test.parrot.v1.Parrot/Repeat",
    "all grpc /test.parrot.v1.Parrot/Repeat",
    "some grpc /test.parrot.v1.Parrot/Repeat",
  ]);
});

test("a handler knows its caller, its request and its log", async () => {
  let seen: CallContext | undefined;
  const records: string[] = [];
  const { url } = await serveParrot({
    requestId: true,
    trustProxy: ["127.0.0.1"],
    logger: createLogger({ write: (text) => records.push(text) }),
    register: (router) =>
      router.handle(Say, (words, context) => {
        seen = context;
        context.logger.info("handled");
        return words;
      }),
  });
  const headers = {
    ...json,
    "x-request-id": "r1",
    "x-forwarded-for": "203.0.113.7",
    cookie: "a=b",
  };
  await call(`${url}/test.parrot.v1.Parrot/Say`, "{}", headers);
  expect(seen?.peer).toContain("203.0.113.7");
  expect(seen?.endpoint).toMatch(/^http:/);
  expect(seen?.requestHeader.get("Cookie")).toBe("a=b");
  expect(seen?.requestHeader.get("connect-protocol-version")).toBeUndefined();
  const handled = records.find((text) => text.includes("handled")) ?? "{}";
  expect(JSON.parse(handled)).toMatchObject({ request_id: "r1" });
});

describe("what a handler sends after its reply", () => {
  const register: Parameters<typeof serveParrot>[0] = {
    register(router) {
      const addTrailer = (context: CallContext): void => {
        if (!isGrpcServerContext(context)) throw new Error("this is no call by name");
        context.replyTrailer.add("x-cost", "1");
        context.replyTrailer.add("x-cost", "2");
      };
      router.handle(Say, (words, context) => {
        addTrailer(context);
        return words;
      });
      router.handle(Repeat, async function* (words, context) {
        addTrailer(context);
        yield words;
      });
    },
  };

  test("is in headers with a prefix where Connect has one reply", async () => {
    const { url } = await serveParrot(register);
    const answer = await call(`${url}/test.parrot.v1.Parrot/Say`, "{}", json);
    expect(answer.headers["trailer-x-cost"]).toBe("1, 2");
  });

  test("is at the end of a stream of Connect", async () => {
    const { url } = await serveParrot(register);
    const answer = await call(`${url}/test.parrot.v1.Parrot/Repeat`, envelope("{}"), stream);
    const last = readEnvelopes(answer.body).at(-1)!;
    expect(JSON.parse(last.text)).toEqual({ metadata: { "x-cost": ["1", "2"] } });
  });

  test("is among the trailers of gRPC-Web", async () => {
    const { url } = await serveParrot(register);
    const answer = await call(`${url}/test.parrot.v1.Parrot/Repeat`, envelope("{}"), web);
    const lines = readEnvelopes(answer.body).at(-1)!.text.split("\r\n");
    expect(lines).toEqual(expect.arrayContaining(["grpc-status: 0", "x-cost: 1", "x-cost: 2"]));
  });
});

describe("options that were set for an operation hold", () => {
  test("for the time that it may take", async () => {
    const { url } = await serveParrot({
      register: (router) =>
        router.handle(Say, (_words, { signal }) => {
          return new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason as Error));
          });
        }),
      onCreate: (server) => server.configure(Say.operation, { timeout: 20 }),
    });
    expect(await call(`${url}/test.parrot.v1.Parrot/Say`, "{}", json)).toMatchObject({
      status: 504,
      json: { code: "deadline_exceeded" },
    });
  });

  test("for what it takes, and how JSON is read", async () => {
    const { url } = await serveParrot({
      onCreate: (server) =>
        server.configure(Say.operation, { maxBodyBytes: 100, json: { ignoreUnknown: false } }),
    });
    const say = `${url}/test.parrot.v1.Parrot/Say`;
    const large = JSON.stringify({ text: "x".repeat(200) });
    expect((await call(say, large, json)).status).toBe(429);
    expect((await call(say, '{"nope":1}', json)).status).toBe(400);
    const repeat = `${url}/test.parrot.v1.Parrot/Look`;
    expect((await call(repeat, '{"nope":1}', json)).status).toBe(200);
  });
});

test.for([
  ["connect-timeout-ms", "20", json, "{}", '"code":"deadline_exceeded"'],
  ["grpc-timeout", "20m", web, envelope("{}"), "grpc-status: 4\r\n"],
] as const)("a caller's %s ends the call", async ([name, value, headers, body, expected]) => {
  let left = Number.NaN;
  const { url } = await serveParrot({
    timeout: 0,
    register: (router) =>
      router.handle(Say, (_words, { deadline = Number.NaN }) => {
        left = deadline - Date.now();
        return new Promise<never>(() => undefined);
      }),
  });
  const sent = { ...headers, [name]: value };
  const answer = await call(`${url}/test.parrot.v1.Parrot/Say`, body, sent);
  expect(answer.body.toString()).toContain(expected);
  expect(left).toBeLessThanOrEqual(20);
});

test("methods lie below the prefix of all routes", async () => {
  const { url } = await serveParrot({ prefix: "/rpc" });
  const path = "/test.parrot.v1.Parrot/Say";
  expect((await call(`${url}/rpc${path}`, "{}", json)).status).toBe(200);
  expect((await call(`${url}${path}`, "{}", json)).status).toBe(404);
});

test("a rule with the path of a method is refused where it is registered, and so is the method", () => {
  const route = (method: string, path: string) =>
    ({
      operation: "/test.v1.Other/Do",
      input: WordsSchema,
      output: WordsSchema,
      bindings: [{ method, path }],
    }) as const;
  const first = new HttpServer();
  registerParrot(first.rpc);
  const collide = () => first.handle(route("POST", Say.operation), (words) => words);
  expect(collide).toThrow(RouteConflictError);
  expect(collide).toThrow("match the same requests, give one of them another path");
  expect(() => registerParrot(first.rpc)).toThrow(RouteConflictError);
  const second = new HttpServer();
  second.handle(route("GET", Look.operation), (words) => words);
  second.rpc.handle(Say, (words) => words);
  expect(() => second.rpc.handle(Look, (words) => words)).toThrow(RouteConflictError);
});

test("wildcards take nothing from methods", async () => {
  const { url } = await serveParrot({
    onCreate: (server) => server.route("POST", "/{path=**}", () => ({ json: "wild" })),
  });
  expect((await call(`${url}/test.parrot.v1.Parrot/Say`, '{"text":"a"}', json)).json).toMatchObject(
    {
      text: "a",
    },
  );
  expect((await call(`${url}/test.parrot.v1.Parrot/Sing`, "{}", json)).json).toBe("wild");
});

test("a server that has started takes no more methods", async () => {
  const { server } = await serveParrot();
  expect(() => server.rpc.handle(Say, (words) => words)).toThrow(
    'cannot add "/test.parrot.v1.Parrot/Say" to a server that has started',
  );
});

test("what goes wrong unexpectedly is in the log", async () => {
  const records: string[] = [];
  const { url } = await serveParrot({
    logger: createLogger({ write: (text) => records.push(text) }),
  });
  const answer = await call(`${url}/test.parrot.v1.Parrot/Say`, '{"text":"crash"}', json);
  expect(answer).toMatchObject({ status: 500, json: { code: "unknown" } });
  expect(answer.body.toString()).not.toContain("secret");
  expect(records.filter((text) => text.includes("a secret"))).toHaveLength(1);
});
