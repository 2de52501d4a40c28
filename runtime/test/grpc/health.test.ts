import { expect, test } from "vitest";
import { Echo, HealthCheck, HealthWatch } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { frame, rawCall } from "./raw-call.ts";

const [serving, notServing, serviceUnknown] = [1, 2, 3];
const service = "test.echo.v1.EchoService";

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

test("gives way to a health service of one's own", async () => {
  const { address } = await startServer((server) => {
    server.handle(HealthCheck, () => ({ status: notServing }));
  });
  const check = createClient(address).method(HealthCheck);
  expect(await check({})).toMatchObject({ status: notServing });
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
