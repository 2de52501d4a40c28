import { GrpcClient, GrpcServer } from "@kratos-ts/runtime";
import { http2Engine } from "@kratos-ts/runtime/http2";
import { silentLogger } from "@kratos-ts/runtime/log";
import { recovery } from "@kratos-ts/runtime/middleware";
import { expect, test } from "vitest";
import { EchoService } from "./echo-service.ts";
import { expectedOutcomes, withoutStreamMetadata } from "./expected.ts";
import {
  createEchoServiceGrpcClient,
  registerEchoServiceGrpcServer,
} from "./proto/interop/v1/echo_grpc.ts";
import { callFromPython, hasPython, whilePythonServes } from "./python-peer.ts";
import { callAll } from "./scenarios.ts";
import { whileServing } from "./while-serving.ts";

test.skipIf(!hasPython).for([
  ["node:http2", undefined],
  ["http2Engine", http2Engine()],
] as const)("a client of grpcio calls our server on %s", async ([, engine]) => {
  const server = new GrpcServer({
    engine,
    addr: "127.0.0.1:0",
    timeout: 5000,
    logger: silentLogger,
    middleware: [recovery()],
  });
  registerEchoServiceGrpcServer(server, new EchoService());
  const all = await whileServing(server, async () => {
    const { host } = await server.endpoint();
    return callFromPython(host);
  });
  const { deadline, "fail unexpectedly": unexpected, ...outcomes } = all;
  const { read: _, ...expected } = expectedOutcomes("python");
  expect(withoutStreamMetadata(outcomes)).toEqual(withoutStreamMetadata(expected));
  expect(deadline).toMatchObject({ error: { code: 504 } });
  expect(JSON.stringify(unexpected)).not.toContain("secret");
});

test.skipIf(!hasPython)("our client calls a server of grpcio", async () => {
  const all = await whilePythonServes(async (address) => {
    const client = new GrpcClient({ endpoint: address });
    try {
      return await callAll(createEchoServiceGrpcClient(client));
    } finally {
      client.close();
    }
  });
  const { deadline, "fail unexpectedly": unexpected, ...outcomes } = all;
  expect(withoutStreamMetadata(outcomes)).toEqual(withoutStreamMetadata(expectedOutcomes("node")));
  expect(deadline).toMatchObject({ error: { code: 504 } });
  expect(unexpected).toMatchObject({ error: { code: 500 } });
});
