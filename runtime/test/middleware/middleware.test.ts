import { chain, type Middleware } from "@kratos-ts/runtime/middleware";
import { expect, test } from "vitest";
import { collectRecords, TestCall } from "./test-call.ts";

test("chain calls from the outside in, and nothing for an empty chain", () => {
  const order: string[] = [];
  const mark =
    (name: string): Middleware =>
    (next) =>
    (request, context) => {
      order.push(`${name} in`);
      const reply = next(request, context);
      order.push(`${name} out`);
      return reply;
    };
  const call = new TestCall(collectRecords().logger);
  const handler = (request: unknown) => order.push(`handler ${String(request)}`);
  chain(mark("a"), mark("b"))(handler)("r", call);
  expect(order).toEqual(["a in", "b in", "handler r", "b out", "a out"]);
  expect(chain()(handler)).toBe(handler);
});
