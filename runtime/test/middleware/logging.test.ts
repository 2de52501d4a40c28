import { KratosError } from "@kratos-ts/runtime";
import type { LogLevel } from "@kratos-ts/runtime/log";
import { chain, type Handler, logging, recovery } from "@kratos-ts/runtime/middleware";
import { describe, expect, test } from "vitest";
import { collect, collectRecords, streamOf, TestCall } from "./test-call.ts";
import { unreadable } from "./unreadable.ts";

const notFound = new KratosError(404, "ORDER_NOT_FOUND", "no order", { metadata: { id: "7" } });

test.for(["server", "client"] as const)("writes one record after a %s call", async (side) => {
  const { logger, records } = collectRecords();
  const handler = logging()(() => Promise.resolve({ id: "7" }));
  expect(await handler({ secret: "x" }, new TestCall(logger, side))).toEqual({ id: "7" });
  expect(records).toEqual([
    {
      level: "info",
      time: expect.any(String),
      kind: side,
      component: "http",
      operation: "/order.v1.OrderService/GetOrder",
      code: 200,
      reason: "",
      latency: expect.any(Number),
      msg: `${side} request`,
    },
  ]);
});

const throwNotFound: Handler = () => {
  throw notFound;
};

test.for([
  ["thrown", throwNotFound],
  ["rejected", () => Promise.reject(notFound)],
] as const)("an error that was %s is logged and thrown on", async ([, handler]) => {
  const { logger, records } = collectRecords();
  const call = async () => logging()(handler)({}, new TestCall(logger));
  await expect(call()).rejects.toBe(notFound);
  expect(records).toMatchObject([
    {
      level: "warn",
      code: 404,
      reason: "ORDER_NOT_FOUND",
      error:
        "error: code = 404 reason = ORDER_NOT_FOUND message = no order metadata = map[id:7] cause = <nil>",
    },
  ]);
  expect(records[0]).not.toHaveProperty("stack");
});

test("an error that nobody expected comes with its stack", async () => {
  const { logger, records } = collectRecords();
  const boom = new Error("boom");
  const handler = logging()(() => Promise.reject(boom));
  await expect(handler({}, new TestCall(logger))).rejects.toBe(boom);
  expect(records).toMatchObject([{ level: "error", code: 500, reason: "", stack: boom.stack }]);
});

test.for(unreadable)("%s is logged and thrown on", async ([, thrown]) => {
  const { logger, records } = collectRecords();
  const reply = logging()(() => Promise.reject(thrown as Error))({}, new TestCall(logger));
  const isSame = await Promise.resolve(reply).catch((error: unknown) => Object.is(error, thrown));
  expect(isSame).toBe(true);
  expect(records).toMatchObject([{ level: "error", code: 500, reason: "" }]);
});

test("outside recovery it logs what the caller gets", async () => {
  const { logger, records } = collectRecords();
  const handler = chain(logging(), recovery())(() => Promise.reject(new Error("boom")));
  await expect(handler({}, new TestCall(logger))).rejects.toMatchObject({ code: 500 });
  expect(records.map(({ msg, code, reason }) => [msg, code, reason])).toEqual([
    ["panic recovered", undefined, undefined],
    ["server request", 500, "UNKNOWN"],
  ]);
});

describe("a stream", () => {
  test("is logged once, when it has ended", async () => {
    const { logger, records } = collectRecords();
    const replies = logging()(() => streamOf(1, 2, 3))({}, new TestCall(logger));
    expect(records).toEqual([]);
    expect(await collect(replies)).toEqual([1, 2, 3]);
    expect(records).toMatchObject([{ level: "info", code: 200 }]);
  });

  test("that breaks is logged once, as failed", async () => {
    const { logger, records } = collectRecords();
    const replies = logging()(() => streamOf(1, notFound))({}, new TestCall(logger));
    await expect(collect(replies)).rejects.toBe(notFound);
    expect(records).toMatchObject([{ level: "warn", code: 404 }]);
  });

  test("that its reader leaves is closed, and logged as cancelled", async () => {
    const { logger, records } = collectRecords();
    const source = streamOf(1, 2);
    const replies = logging()(() => source)({}, new TestCall(logger)) as AsyncIterable<unknown>;
    for await (const item of replies) {
      expect(item).toBe(1);
      break;
    }
    expect(await source.next()).toEqual({ done: true, value: undefined });
    expect(records).toMatchObject([{ level: "info", code: 499 }]);
  });
});

describe("args", () => {
  test("are logged when asked for", async () => {
    const { logger, records } = collectRecords();
    await logging(undefined, { args: true })(() => 1)({ id: 7n }, new TestCall(logger));
    expect(records).toMatchObject([{ args: { id: "7" } }]);
  });

  test("may be chosen by a function", async () => {
    const { logger, records } = collectRecords();
    const args = (request: unknown, context: { operation: string }) => [
      Object.keys(request as object),
      context.operation.length,
    ];
    await logging(undefined, { args })(() => 1)({ password: "x" }, new TestCall(logger));
    expect(records).toMatchObject([{ args: [["password"], 31] }]);
  });
});

describe("levels", () => {
  const args = (): never => {
    throw new Error("was computed");
  };

  test.for(["silent", "fatal"] as LogLevel[])("at %s the handler is all there is", (level) => {
    const { logger } = collectRecords(level);
    const failing = logging(undefined, { args })(throwNotFound);
    expect(() => failing({}, new TestCall(logger))).toThrow(notFound);
  });

  test.for([
    ["warn", [404, 500]],
    ["error", [500]],
  ] as [LogLevel, number[]][])(
    "at %s only failures of codes %j are written",
    async ([level, codes]) => {
      const { logger, records } = collectRecords(level);
      const boom = new Error("boom");
      const call = new TestCall(logger);
      expect(logging(undefined, { args })(() => "reply")({}, call)).toBe("reply");
      await collect(logging(undefined, { args })(() => streamOf(1))({}, call));
      await expect(logging()(() => Promise.reject(notFound))({}, call)).rejects.toBe(notFound);
      await expect(logging()(() => Promise.reject(boom))({}, call)).rejects.toBe(boom);
      expect(records.map((record) => record["code"])).toEqual(codes);
    },
  );
});

test("uses the logger it was given, and passes on at once what is there at once", () => {
  const { logger, records } = collectRecords();
  const own = collectRecords();
  const reply = { id: "7" };
  expect(logging(own.logger)(() => reply)({}, new TestCall(logger))).toBe(reply);
  expect(own.records).toHaveLength(1);
  expect(records).toEqual([]);
});
