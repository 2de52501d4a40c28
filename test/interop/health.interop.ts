import { GrpcServer } from "@kratos-ts/runtime";
import { silentLogger } from "@kratos-ts/runtime/log";
import { expect, test } from "vitest";
import { EchoService } from "./echo-service.ts";
import { callFromGo } from "./go-peer.ts";
import { registerEchoServiceGrpcServer } from "./proto/interop/v1/echo_grpc.ts";
import { whileServing } from "./while-serving.ts";

test("a client of Kratos for Go watches the health of our server, and calls none that is not well", async () => {
  const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger });
  registerEchoServiceGrpcServer(server, new EchoService());
  server.health.setServing("", false);
  const { grpc } = await whileServing(server, async () => {
    const { host } = await server.endpoint();
    return callFromGo({ http: "", grpc: host });
  });

  expect(Object.keys(grpc)).not.toEqual([]);
  const notServing = { code: 503, message: expect.stringContaining("status=NOT_SERVING") };
  for (const outcome of Object.values(grpc)) expect(outcome).toMatchObject({ error: notServing });
  expect(server.stats().calls).toMatchObject({ started: 1 }); // the watch
});
