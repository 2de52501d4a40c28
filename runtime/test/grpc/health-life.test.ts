import { Client, credentials } from "@grpc/grpc-js";
import { fromBinary } from "@bufbuild/protobuf";
import { App } from "@kratos-ts/runtime";
import { GrpcServer } from "@kratos-ts/runtime/grpc";
import { silentLogger } from "@kratos-ts/runtime/log";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { HealthStatuses } from "../../src/transport/grpc/services/health.ts";
import {
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus as Status,
  HealthCheckResponseSchema,
} from "../../src/transport/grpc/services/protos/grpc/health/v1/health_pb.ts";
import { createDeferred } from "./deferred.ts";
import { Echo, HealthCheck } from "./echo-schema.ts";
import { createClient } from "./kratos-peer.ts";

/** Statuses of the whole server as the client of grpc-js is told of them, and what the watch ended with. */
function watchWithGrpcJs(address: string): { next(): Promise<Status>; ended: Promise<number> } {
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const call = client.makeServerStreamRequest(
    "/grpc.health.v1.Health/Watch",
    () => Buffer.alloc(0),
    (bytes) => fromBinary(HealthCheckResponseSchema, bytes),
    undefined,
  );
  const ended = new Promise<number>((resolve) => {
    call.on("error", (error: Error & { code: number }) => resolve(error.code));
  });
  return {
    ended,
    next: async () => ((await once(call, "data")) as [HealthCheckResponse])[0].status,
  };
}

test("says that nothing serves before the server does, whatever was said", () => {
  const health = new HealthStatuses();
  health.setServing("mine", true);
  health.setServing("sick", false);
  expect([...health.list().values()]).toEqual(["NOT_SERVING", "NOT_SERVING", "NOT_SERVING"]);
  health.serve();
  expect(Object.fromEntries(health.list())).toEqual({
    "": "SERVING",
    mine: "SERVING",
    sick: "NOT_SERVING",
  });
});

test("serves while its app does, and calls until the app has done what it does before", async () => {
  const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger });
  server.handle(Echo, ({ text }) => ({ text }));
  const [started, leaving, leave] = [createDeferred(), createDeferred(), createDeferred()];
  const app = new App({
    servers: [server],
    signals: [],
    afterStart: () => started.resolve(),
    beforeStop: () => {
      leaving.resolve();
      return leave.promise;
    },
  });
  const running = app.run();
  await started.promise;
  const address = `127.0.0.1:${server.port}`;
  const watch = watchWithGrpcJs(address);
  expect(await watch.next()).toBe(Status.SERVING);

  const told = watch.next();
  const stopping = app.stop();
  await leaving.promise;
  expect(await told).toBe(Status.NOT_SERVING);
  const client = createClient(address);
  expect(await client.method(HealthCheck)({})).toMatchObject({ status: Status.NOT_SERVING });
  server.health.setServing("", true);
  expect(await client.method(HealthCheck)({})).toMatchObject({ status: Status.NOT_SERVING });
  expect(await client.method(Echo)({ text: "still" })).toMatchObject({ text: "still" });

  leave.resolve();
  expect(await watch.ended).toBe(14);
  await Promise.all([stopping, running]);
});

test("tells of the stop also when a start fails half-way", async () => {
  const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger });
  const told: string[] = [];
  const app = new App({
    servers: [
      server,
      {
        start: () => Promise.reject(new Error("no")),
        announceStop: () => void told.push("announced"),
        stop: async () => void told.push("stopped"),
      },
    ],
    signals: [],
  });
  await expect(app.run()).rejects.toThrow("no");
  expect(told).toEqual(["announced", "stopped"]);
});
