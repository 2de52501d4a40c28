import { fromError, KratosError } from "@kratos-ts/runtime";
import { type Handler, recovery } from "@kratos-ts/runtime/middleware";
import { describe, expect, test } from "vitest";
import { collect, collectRecords, streamOf, TestCall } from "./test-call.ts";
import { unreadable } from "./unreadable.ts";

const secret = new Error("cannot reach postgres://admin:hunter2@db");

const failing: readonly (readonly [string, Handler])[] = [
  [
    "a throw",
    () => {
      throw secret;
    },
  ],
  ["a rejection", () => Promise.reject(secret)],
  ["a stream that breaks", () => streamOf(1, secret)],
  ["the promise of a stream that breaks", () => Promise.resolve(streamOf(1, secret))],
];

async function outcomeOf(handler: Handler, request: unknown, call: TestCall): Promise<unknown> {
  try {
    const reply = await handler(request, call);
    return typeof reply === "object" && reply !== null && Symbol.asyncIterator in reply
      ? await collect(reply)
      : reply;
  } catch (error) {
    return error;
  }
}

test.for(failing)("%s is logged in full and told to the caller in general", async ([, handler]) => {
  const { logger, records } = collectRecords();
  const error = await outcomeOf(recovery()(handler), {}, new TestCall(logger));
  expect(error).toMatchObject({
    name: "KratosError",
    code: 500,
    reason: "UNKNOWN",
    message: "unknown request error",
    cause: secret,
  });
  expect(records).toMatchObject([
    {
      level: "error",
      msg: "panic recovered",
      kind: "server",
      component: "http",
      operation: "/order.v1.OrderService/GetOrder",
      err: { message: secret.message, stack: secret.stack },
    },
  ]);
});

test.for(["just text", undefined, 42, null])("%o thrown is no different", async (thrown) => {
  const { logger, records } = collectRecords();
  const handler = recovery()(() => Promise.reject<unknown>(thrown));
  expect(await outcomeOf(handler, {}, new TestCall(logger))).toMatchObject({ reason: "UNKNOWN" });
  expect(records).toHaveLength(1);
});

describe("errors meant for the caller", () => {
  const notFound = new KratosError(404, "ORDER_NOT_FOUND", "no order");
  const wrapped = new Error("loading", { cause: notFound });

  test.for([notFound, wrapped])("pass untouched and unlogged: %s", async (thrown) => {
    const { logger, records } = collectRecords("trace");
    const handler = recovery()(() => Promise.reject(thrown));
    expect(await outcomeOf(handler, {}, new TestCall(logger))).toBe(thrown);
    expect(fromError(thrown)).toBe(notFound);
    expect(records).toEqual([]);
  });

  test.for([
    ["AbortError", 499],
    ["TimeoutError", 504],
  ] as const)("%s becomes %i", async ([name, code]) => {
    const { logger, records } = collectRecords("trace");
    const handler = recovery()(() => Promise.reject(new DOMException("ended", name)));
    const error = await outcomeOf(handler, {}, new TestCall(logger));
    expect(error).toMatchObject({ name: "KratosError", code });
    expect(records).toEqual([]);
  });
});

test("leaves replies alone: what is there at once stays so, streams deliver all", async () => {
  const { logger } = collectRecords();
  const call = new TestCall(logger);
  const reply = { id: "7" };
  expect(recovery()(() => reply)({}, call)).toBe(reply);
  expect(await recovery()(() => Promise.resolve(reply))({}, call)).toBe(reply);
  expect(await collect(recovery()(() => streamOf(1, 2))({}, call))).toEqual([1, 2]);
});

test("uses the logger and the handler it was given", async () => {
  const { logger, records } = collectRecords();
  const own = collectRecords();
  const middleware = recovery({
    logger: own.logger,
    handler: (error, request, context) =>
      new KratosError(503, "LATER", `${String(request)} at ${context.operation}`, { cause: error }),
  });
  const error = await outcomeOf(
    middleware(() => Promise.reject(secret)),
    "R",
    new TestCall(logger),
  );
  expect(error).toMatchObject({
    code: 503,
    reason: "LATER",
    message: "R at /order.v1.OrderService/GetOrder",
  });
  expect(own.records).toHaveLength(1);
  expect(records).toEqual([]);
});

test.for(unreadable)("%s is a mistake like any other", async ([, thrown]) => {
  const { logger, records } = collectRecords();
  const handler = recovery()(() => Promise.reject(thrown as Error));
  const error = await outcomeOf(handler, {}, new TestCall(logger));
  expect(error).toMatchObject({ code: 500, reason: "UNKNOWN" });
  expect(records).toMatchObject([{ level: "error", msg: "panic recovered" }]);
});
