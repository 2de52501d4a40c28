import { HttpClient, HttpServer } from "@kratos-ts/runtime";
import { silentLogger } from "@kratos-ts/runtime/log";
import { recovery } from "@kratos-ts/runtime/middleware";
import { expect, test } from "vitest";
import { EchoService } from "./echo-service.ts";
import { expectedOutcomes } from "./expected.ts";
import { callFromGo, whileGoServes } from "./go-peer.ts";
import {
  createEchoServiceHttpClient,
  registerEchoServiceHttpServer,
} from "./proto/interop/v1/echo_http.ts";
import { callAll } from "./scenarios.ts";
import { whileServing } from "./while-serving.ts";

test("a client of Kratos for Go calls our server", async () => {
  const server = new HttpServer({
    addr: "127.0.0.1:0",
    timeout: 5000,
    logger: silentLogger,
    middleware: [recovery()],
  });
  registerEchoServiceHttpServer(server, new EchoService());
  const { http } = await whileServing(server, async () => {
    const { origin } = await server.endpoint();
    return callFromGo({ http: origin, grpc: "" });
  });

  const {
    deadline,
    "fail unexpectedly": unexpected,
    "chat and fail": chat,
    "collect and fail": collect,
    ...outcomes
  } = http;
  const {
    "chat and fail": _chat,
    "collect and fail": _collect,
    ...expected
  } = expectedOutcomes("go");
  expect(outcomes).toMatchObject(expected);
  expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(Object.keys(expected)));
  expect(deadline).toMatchObject({ error: { message: expect.stringContaining("deadline") } });
  expect(unexpected).toMatchObject({ error: { code: 500, reason: "UNKNOWN" } });
  // Kratos's client takes the failure of a WebSocket as text alone.
  for (const failed of [chat, collect]) {
    expect(failed?.error?.message).toContain("TOLD_TO");
    expect(failed?.error?.message).toContain("told to fail");
  }
});

test("our client calls a server of Kratos for Go", async () => {
  const {
    deadline,
    "fail unexpectedly": unexpected,
    ...outcomes
  } = await whileGoServes(async (addresses) => {
    const client = new HttpClient({ endpoint: addresses.http });
    try {
      return await callAll(createEchoServiceHttpClient(client));
    } finally {
      client.close();
    }
  });

  expect(outcomes).toMatchObject(expectedOutcomes("node"));
  expect(deadline).toMatchObject({ error: { code: 504 } });
  expect(unexpected).toMatchObject({ error: { code: 500, message: "secret" } });
});
