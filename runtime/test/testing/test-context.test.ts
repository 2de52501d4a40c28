import { createContextKey, isKratosError } from "@kratos-ts/runtime";
import { isGrpcServerContext } from "@kratos-ts/runtime/grpc";
import { isHttpServerContext } from "@kratos-ts/runtime/http";
import { logging } from "@kratos-ts/runtime/middleware";
import { createRecordingLogger, createTestContext } from "@kratos-ts/runtime/testing";
import { expect, test } from "vitest";

test("a context that is asked for nothing is that of a call over HTTP, on the server", () => {
  const context = createTestContext();

  expect(context).toMatchObject({
    side: "server",
    kind: "http",
    operation: "/test.v1.TestService/Test",
    endpoint: "http://in-memory",
    peer: "127.0.0.1:49152",
    deadline: undefined,
    replyStatus: 200,
  });
  expect(context.requestHeader.keys()).toEqual([]);
  expect([context.signal.aborted, context.stopping.aborted]).toEqual([false, false]);
});

test("a context is what it was asked to be", () => {
  const logger = createRecordingLogger();
  const options = {
    side: "client",
    kind: "grpc",
    operation: "/order.v1.OrderService/GetOrder",
    peer: "10.0.0.7:1",
    deadline: 5,
    logger,
  } as const;

  expect(createTestContext(options)).toMatchObject(options);
});

test("headers can be read as those of a call can", () => {
  const { requestHeader } = createTestContext({ headers: { "X-Tenant": ["a", "b"], accept: "c" } });

  expect(requestHeader.get("x-tenant")).toBe("a");
  expect(requestHeader.values("X-TENANT")).toEqual(["a", "b"]);
  expect(requestHeader.keys()).toEqual(["x-tenant", "accept"]);
});

test.for(["http", "grpc"] as const)("headers are those that %s can carry", (kind) => {
  expect(() => createTestContext({ kind, headers: { "a b": "c" } })).toThrow(TypeError);
  expect(() => createTestContext({ kind }).replyHeader.set("a", "\n")).toThrow(TypeError);
});

test("what handlers write can be read", () => {
  const context = createTestContext({ kind: "grpc" });

  context.replyHeader.set("X-Seen", "a");
  context.replyTrailer.add("x-rest", "b");

  expect(context.replyHeader.get("x-seen")).toBe("a");
  expect(context.replyTrailer.values("x-rest")).toEqual(["b"]);
});

test("what only HTTP has is there", async () => {
  const context = createTestContext({ headers: { "x-tenant": "a" } });

  if (!isHttpServerContext(context)) throw new Error("no call over HTTP");
  context.replyStatus = 201;
  expect(context.pathTemplate).toBe("/");
  expect(context.request.method).toBe("POST");
  expect(context.request.headers).toEqual({ "x-tenant": "a" });
  expect(context.request.socket.destroyed).toBe(false);
  expect(await context.request.toArray()).toEqual([]);
  expect(isGrpcServerContext(context)).toBe(false);
});

test("a status that is none of a reply is refused", () => {
  const context = createTestContext();

  expect(() => {
    context.replyStatus = 404;
  }).toThrow(TypeError);
  expect(context.replyStatus).toBe(200);
});

test("what only gRPC has is there", () => {
  const context = createTestContext({ kind: "grpc", peer: "10.0.0.7:1" });

  if (!isGrpcServerContext(context)) throw new Error("no call over gRPC");
  expect(context.connection).toMatchObject({ remoteAddress: "10.0.0.7:1", encrypted: false });
  expect(context.connection.peerCertificate()).toBeUndefined();
  expect(isHttpServerContext(context)).toBe(false);
});

test("an abort is that of a client that leaves, or what the test says", () => {
  const left = createTestContext();
  const ended = createTestContext();
  const reason = new Error("enough");

  left.abort();
  ended.abort(reason);

  expect(left.signal.reason).toSatisfy(isKratosError);
  expect(left.signal.reason).toMatchObject({ code: 499, reason: "CLIENT_CLOSED" });
  expect(ended.signal.reason).toBe(reason);
});

test("stopping is told, and nothing else", () => {
  const context = createTestContext();

  context.stop();

  expect(context.stopping.reason).toMatchObject({ code: 503, reason: "SERVER_STOPPED" });
  expect(context.signal.aborted).toBe(false);
});

test("values are kept per call", () => {
  const key = createContextKey<string>("tenant", "nobody");
  const context = createTestContext();

  context.set(key, "a");

  expect(context.get(key)).toBe("a");
  expect(createTestContext().get(key)).toBe("nobody");
});

test("middleware of the package takes it", async () => {
  const logger = createRecordingLogger();
  const context = createTestContext({ logger, operation: "/order.v1.OrderService/GetOrder" });

  expect(await logging()(() => "reply")({}, context)).toBe("reply");

  expect(logger.records).toHaveLength(1);
  expect(logger.records[0]?.fields["operation"]).toBe("/order.v1.OrderService/GetOrder");
});
