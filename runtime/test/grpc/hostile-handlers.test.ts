/* oxlint-disable unicorn/no-thenable -- handlers that return such things are the point */
import { type CallContext, KratosError } from "@kratos-ts/runtime";
import { expect, test } from "vitest";
import { Echo, Repeat } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { rawCall, requestFrame } from "./raw-call.ts";

/** What plain JavaScript can do, whatever the types say. */
type Misbehave = (request: unknown, context: CallContext) => unknown;

async function callUnary(handler: Misbehave) {
  const { address } = await startServer((server) => server.handle(Echo, handler as never));
  return rawCall(address, { chunks: [requestFrame({})] });
}

async function callStream(handler: Misbehave) {
  const { address } = await startServer((server) => server.handle(Repeat, handler as never));
  return rawCall(address, { path: Repeat.operation, chunks: [requestFrame({})] });
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const rejectWith =
  (value: unknown): Misbehave =>
  () =>
    Promise.reject(value as Error);
const withNext =
  (next: () => unknown): Misbehave =>
  () => ({ [Symbol.asyncIterator]: () => ({ next }) });

test.for<[what: string, handler: Misbehave]>([
  ["rejects with undefined", rejectWith(undefined)],
  ["rejects with a symbol", rejectWith(Symbol("x"))],
  ["rejects with a revoked proxy", rejectWith(revoked())],
  [
    "returns what throws when waited for",
    () => ({
      then() {
        throw new Error("x");
      },
    }),
  ],
  [
    "returns what throws when looked at",
    () => ({
      get then() {
        throw new Error("x");
      },
    }),
  ],
  ["returns text", () => "text"],
  ["sets a header to undefined", (_, { replyHeader }) => replyHeader.set("x", undefined as never)],
])("a unary handler that %s gives UNKNOWN and no more", async ([, handler]) => {
  expect(await callUnary(handler)).toMatchObject({ status: "2", message: "internal server error" });
});

test.for<[what: string, handler: Misbehave]>([
  ["returns no iterable", () => ({})],
  ["returns an iterable without an iterator", () => ({ [Symbol.asyncIterator]: () => undefined })],
  ["gives what is no step", withNext(() => undefined)],
  [
    "throws from next()",
    withNext(() => {
      throw new Error("x");
    }),
  ],
  ["throws a revoked proxy", withNext(() => Promise.reject(revoked() as Error))],
  ["gives undefined", withNext(() => ({ done: false, value: undefined }))],
  ["gives a reply of a wrong type", withNext(() => ({ done: false, value: { count: "x" } }))],
])("a stream handler that %s gives UNKNOWN and no more", async ([, handler]) => {
  expect(await callStream(handler)).toMatchObject({
    status: "2",
    message: "internal server error",
  });
});

test.for<[what: string, fields: object, message: string]>([
  ["no metadata", { metadata: undefined }, "m"],
  ["metadata of numbers", { metadata: { a: 5, b: { c: 5n } } }, "m"],
  ["a message of a number", { message: 5n }, "5"],
])("an error of another copy with %s is sent", async ([, fields, message]) => {
  const shape = { name: "KratosError", code: 404, reason: "X", ...fields };
  const reply = await callUnary(rejectWith(Object.assign(new Error("m"), shape)));
  expect(reply).toMatchObject({ status: "5", message });
});

test.for<[what: string, error: KratosError]>([
  ["a reason", new KratosError(404, "R".repeat(1e6), "m")],
  ["a message", new KratosError(404, "R", "日".repeat(1e6))],
  ["metadata", new KratosError(404, "R", "m", { metadata: { a: "日".repeat(3000) } })],
])("%s that no peer would take is cut", async ([, error]) => {
  const { status, trailers, headers } = await callUnary(rejectWith(error));
  expect(status).toBe("5");
  const size = JSON.stringify({ ...headers, ...trailers }).length;
  expect(size).toBeLessThan(8192);
});

test("what throws when waited for takes the place of no further call", async () => {
  const { address } = await startServer(
    (server) => {
      server.handle(Echo, (({ text }: { text: string }) => {
        if (text === "good") return { text };
        return {
          then() {
            throw new Error("x");
          },
        };
      }) as never);
    },
    { maxConcurrentStreams: 2 },
  );
  const echo = createClient(address, { connections: 1 }).method(Echo);
  for (let i = 0; i < 3; i++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await expect(echo({ text: "bad" })).rejects.toMatchObject({ code: 500 });
  }
  expect(await echo({ text: "good" })).toMatchObject({ text: "good" });
});
