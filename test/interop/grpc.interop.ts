import { GrpcClient, GrpcServer } from "@kratos-ts/runtime";
import { http2Engine } from "@kratos-ts/runtime/http2";
import { silentLogger } from "@kratos-ts/runtime/log";
import { recovery } from "@kratos-ts/runtime/middleware";
import { expect, test } from "vitest";
import { EchoService } from "./echo-service.ts";
import { expectedOutcomes, withoutStreamMetadata } from "./expected.ts";
import { callFromGo, whileGoServes } from "./go-peer.ts";
import {
  createEchoServiceGrpcClient,
  registerEchoServiceGrpcServer,
} from "./proto/interop/v1/echo_grpc.ts";
import { callAll } from "./scenarios.ts";
import { whileServing } from "./while-serving.ts";

test.for([
  ["node:http2", undefined],
  ["http2Engine", http2Engine()],
] as const)("a client of Kratos for Go calls our server on %s", async ([, engine]) => {
  const server = new GrpcServer({
    engine,
    addr: "127.0.0.1:0",
    timeout: 5000,
    logger: silentLogger,
    middleware: [recovery()],
  });
  registerEchoServiceGrpcServer(server, new EchoService());
  const { grpc } = await whileServing(server, async () => {
    const { host } = await server.endpoint();
    return callFromGo({ http: "", grpc: host });
  });

  const { deadline, "fail unexpectedly": unexpected, ...outcomes } = grpc;
  expect(withoutStreamMetadata(outcomes)).toEqual(withoutStreamMetadata(expectedOutcomes("go")));
  expect(deadline).toMatchObject({ error: { code: 504 } });
  // Kratos tells callers the text of every error; we keep it.
  expect(unexpected).toMatchObject({ error: { code: 500, reason: "UNKNOWN" } });
  expect(JSON.stringify(unexpected)).not.toContain("secret");
});

test("our client calls a server of Kratos for Go", async () => {
  const {
    deadline,
    "fail unexpectedly": unexpected,
    ...outcomes
  } = await whileGoServes(async (addresses) => {
    const client = new GrpcClient({ endpoint: addresses.grpc });
    try {
      return await callAll(createEchoServiceGrpcClient(client));
    } finally {
      client.close();
    }
  });

  expect(withoutStreamMetadata(outcomes)).toEqual(withoutStreamMetadata(expectedOutcomes("node")));
  expect(deadline).toMatchObject({ error: { code: 504 } }); // whoever was first
  expect(unexpected).toMatchObject({ error: { code: 500, message: "secret" } });
});
