import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { GrpcServer } from "@kratos-ts/runtime/grpc";
import { silentLogger } from "@kratos-ts/runtime/log";
import { expect, onTestFinished, test } from "vitest";
import { http2Engine } from "@kratos-ts/runtime/http2";
import { Echo } from "../grpc/echo-schema.ts";
import { echoDefinition } from "../grpc/grpc-js-echo.ts";
import { app } from "../grpc/kratos-peer.ts";

test("metadata beyond the limit gives RESOURCE_EXHAUSTED, and the connection goes on", async () => {
  const options = {
    addr: "127.0.0.1:0",
    logger: silentLogger,
    engine: http2Engine(),
  };
  const server = new GrpcServer(options);
  onTestFinished(() => server.stop(AbortSignal.abort()));
  server.handle(Echo, (_, { requestHeader }) => ({
    count: requestHeader.get("x-large")?.length ?? 0,
  }));
  await server.start(app);
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const { path, requestSerialize, responseDeserialize } = echoDefinition.Echo;
  const call = (size: number): Promise<number | undefined> =>
    new Promise((resolve) => {
      const metadata = new Metadata();
      // Values as they are, since repeated letters would be much shorter on the way.
      for (let i = 0; i * 6000 < size; i++) metadata.set(`x-${i}`, "~".repeat(6000));
      metadata.set("x-large", "~".repeat(100));
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        {},
        metadata,
        (error, reply) => resolve(error ? -error.code : reply?.count),
      );
    });
  expect(await Promise.all([call(0), call(50_000), call(70_000), call(100)])).toEqual([
    100, 100, -8, 100,
  ]);
});
