import { expect, test } from "vitest";
import { HealthStatuses } from "../../src/transport/grpc/services/health.ts";
import {
  HealthListRequestSchema,
  HealthListResponseSchema,
} from "../../src/transport/grpc/services/protos/grpc/health/v1/health_pb.ts";
import type { GrpcMethod } from "../../src/transport/method.ts";
import { Echo, HealthCheck, HealthWatch } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { frame, rawCall } from "./raw-call.ts";

const [serving, notServing, serviceUnknown] = [1, 2, 3];
const service = "test.echo.v1.EchoService";

const list: GrpcMethod<typeof HealthListRequestSchema, typeof HealthListResponseSchema, "unary"> = {
  operation: "/grpc.health.v1.Health/List",
  kind: "unary",
  input: HealthListRequestSchema,
  output: HealthListResponseSchema,
};

test.for(["", service])('says that "%s" serves', async (name) => {
  const { address } = await startServer((server) => server.handle(Echo, () => ({})));
  const check = createClient(address).method(HealthCheck);
  expect(await check({ service: name })).toMatchObject({ status: serving });
});

test("does not know other services", async () => {
  const { address } = await startServer(() => undefined);
  const check = createClient(address).method(HealthCheck);
  await expect(check({ service: "nope" })).rejects.toMatchObject({
    code: 404,
    message: 'unknown service "nope"',
  });
});

test("says what it was told", async () => {
  const { server, address } = await startServer((router) => router.handle(Echo, () => ({})));
  const check = createClient(address).method(HealthCheck);
  server.health.setServing(service, false);
  expect(await check({ service })).toMatchObject({ status: notServing });
  expect(await check({})).toMatchObject({ status: serving });
  server.health.setServing(service, true);
  expect(await check({ service })).toMatchObject({ status: serving });
});

test("tells a watcher of each change, of a service not known yet, too", async () => {
  const { server, address } = await startServer(() => undefined);
  const watch = createClient(address).method(HealthWatch);
  const statuses = watch({ service: "later" })[Symbol.asyncIterator]();
  const next = async (): Promise<number> => (await statuses.next()).value?.status;
  expect(await next()).toBe(serviceUnknown);
  server.health.setServing("later", true);
  expect(await next()).toBe(serving);
  server.health.setServing("later", true);
  server.health.setServing("later", false);
  expect(await next()).toBe(notServing);
});

test("says before the end that nothing serves any more, and lets the server stop", async () => {
  const { server, address } = await startServer((router) => router.handle(Echo, () => ({})));
  const watch = createClient(address).method(HealthWatch);
  const statuses = watch({ service })[Symbol.asyncIterator]();
  expect((await statuses.next()).value).toMatchObject({ status: serving });
  const stopped = server.stop(new AbortController().signal);
  expect((await statuses.next()).value).toMatchObject({ status: notServing });
  await expect(statuses.next()).rejects.toMatchObject({ code: 503 });
  await stopped;
});

test("lists all services that it knows", async () => {
  const { server, address } = await startServer((router) => router.handle(Echo, () => ({})));
  server.health.setServing("mine", false);
  const { statuses } = await createClient(address).method(list)({});
  expect(statuses).toMatchObject({
    "": { status: serving },
    [service]: { status: serving },
    mine: { status: notServing },
  });
});

test("lists no more than a hundred services", async () => {
  const { server, address } = await startServer(() => undefined);
  for (let n = 0; n < 100; n++) server.health.setServing(`service${n}`, true);
  await expect(createClient(address).method(list)({})).rejects.toMatchObject({ code: 429 });
});

test("tells a slow watcher where things stand, not how they came there", async () => {
  const { server, address } = await startServer(() => undefined);
  const watch = createClient(address).method(HealthWatch);
  const statuses = watch({ service: "mine" })[Symbol.asyncIterator]();
  expect((await statuses.next()).value?.status).toBe(serviceUnknown);
  for (let n = 0; n <= 1000; n++) server.health.setServing("mine", n % 2 === 0);
  expect((await statuses.next()).value?.status).toBe(serving);
  expect(server.stats().messages.sent).toBe(2);
});

test("forgets watchers that leave", async () => {
  const { server, address } = await startServer(() => undefined);
  const watch = createClient(address).method(HealthWatch);
  const leaving = new AbortController();
  const statuses = watch({}, { signal: leaving.signal })[Symbol.asyncIterator]();
  await statuses.next();
  leaving.abort();
  await expect(statuses.next()).rejects.toMatchObject({ code: 499 });
  await expect.poll(() => server.stats().calls.open).toBe(0);
});

test("ends a watch that begins while the server stops", async () => {
  const statuses = new HealthStatuses();
  statuses.shutdown(new Error("the server is stopping"));
  const watch = statuses.watch("");
  expect(await watch.next()).toEqual({ done: false, value: "NOT_SERVING" });
  await expect(watch.next()).rejects.toThrow("the server is stopping");
  expect(await watch.next()).toEqual({ done: true, value: undefined });
});

test("stays free of the server's middleware", async () => {
  let calls = 0;
  const { address } = await startServer(() => undefined, {
    middleware: [
      (next) => (request, context) => {
        calls++;
        return next(request, context);
      },
    ],
  });
  await createClient(address).method(HealthCheck)({});
  expect(calls).toBe(0);
});

test("gives way as a whole to a health service of one's own", async () => {
  const { address } = await startServer((server) => {
    server.handle(HealthCheck, () => ({ status: notServing }));
  });
  const client = createClient(address);
  expect(await client.method(HealthCheck)({})).toMatchObject({ status: notServing });
  await expect(client.method(list)({})).rejects.toMatchObject({ code: 501 });
});

test("can be turned off", async () => {
  const { address } = await startServer(() => undefined, { health: false });
  await expect(createClient(address).method(HealthCheck)({})).rejects.toMatchObject({ code: 501 });
});

test("speaks JSON", async () => {
  const { address } = await startServer(() => undefined);
  const reply = await rawCall(address, {
    path: HealthCheck.operation,
    headers: { "content-type": "application/grpc+json" },
    chunks: [frame(Buffer.from('{"service":""}'))],
  });
  expect(JSON.parse(reply.body.subarray(5).toString())).toEqual({ status: "SERVING" });
});

test("refuses bytes that are no request", async () => {
  const { address } = await startServer(() => undefined);
  const chunks = [frame(Buffer.from([0x0a, 0xff]))];
  const reply = await rawCall(address, { path: HealthCheck.operation, chunks });
  expect(reply.status).toBe("3");
});
