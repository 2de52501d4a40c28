import { App, GrpcClient, GrpcServer } from "@kratos-ts/runtime";
import { silentLogger } from "@kratos-ts/runtime/log";
import { recovery } from "@kratos-ts/runtime/middleware";
import { expect, test } from "vitest";
import { EchoService } from "./echo-service.ts";
import { expectedOutcomes, withoutStreamMetadata } from "./expected.ts";
import { callFromGo, startGoServer } from "./go-peer.ts";
import {
  createEchoServiceGrpcClient,
  registerEchoServiceGrpcServer,
} from "./proto/interop/v1/echo_grpc.ts";
import { callAll } from "./scenarios.ts";

test("a client of Kratos for Go calls our server", async () => {
  const server = new GrpcServer({
    addr: "127.0.0.1:0",
    timeout: 5000,
    logger: silentLogger,
    middleware: [recovery()],
  });
  registerEchoServiceGrpcServer(server, new EchoService());
  const app = new App({ name: "interop", servers: [server], logger: silentLogger, signals: [] });
  const running = app.run();
  const { host } = await server.endpoint();
  const { grpc } = await callFromGo({ http: "", grpc: host });
  await app.stop();
  await running;

  const { deadline, "fail unexpectedly": unexpected, ...outcomes } = grpc;
  expect(withoutStreamMetadata(outcomes)).toEqual(withoutStreamMetadata(expectedOutcomes("go")));
  expect(deadline).toMatchObject({ error: { code: 504 } });
  // Kratos tells callers the text of every error; we keep it.
  expect(unexpected).toMatchObject({ error: { code: 500, reason: "UNKNOWN" } });
  expect(JSON.stringify(unexpected)).not.toContain("secret");
});

test("our client calls a server of Kratos for Go", async () => {
  const { addresses, stop } = await startGoServer();
  const client = new GrpcClient({ endpoint: addresses.grpc });
  const {
    deadline,
    "fail unexpectedly": unexpected,
    ...outcomes
  } = await callAll(createEchoServiceGrpcClient(client));
  client.close();
  await stop();

  expect(withoutStreamMetadata(outcomes)).toEqual(withoutStreamMetadata(expectedOutcomes("node")));
  expect(deadline).toMatchObject({ error: { code: 504 } }); // whoever was first
  expect(unexpected).toMatchObject({ error: { code: 500, message: "secret" } });
});
