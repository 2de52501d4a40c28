import { GrpcClient, GrpcServer } from "@kratos-ts/runtime";
import { http2Engine } from "@kratos-ts/runtime/http2";
import { silentLogger } from "@kratos-ts/runtime/log";
import type { Middleware } from "@kratos-ts/runtime/middleware";
import { expect, test } from "vitest";
import { EchoService } from "./echo-service.ts";
import { whileGoServes, whileGoWatches } from "./go-peer.ts";
import {
  createEchoServiceGrpcClient,
  registerEchoServiceGrpcServer,
} from "./proto/interop/v1/echo_grpc.ts";
import { whileServing } from "./while-serving.ts";

test.for([
  ["node:http2", undefined],
  ["http2Engine", http2Engine()],
] as const)(
  "a client of Kratos for Go keeps away from our server on %s while it does not serve",
  async ([, engine]) => {
    const server = new GrpcServer({ engine, addr: "127.0.0.1:0", logger: silentLogger });
    registerEchoServiceGrpcServer(server, new EchoService());
    await whileServing(server, async () => {
      const { host } = await server.endpoint();
      await whileGoWatches(host, async (client) => {
        await expect.poll(() => client.call(), { timeout: 10_000 }).toBe(200);
        server.health.setServing("", false);
        await expect.poll(() => client.call(), { timeout: 10_000 }).not.toBe(200);
        server.health.setServing("", true);
        await expect.poll(() => client.call(), { timeout: 10_000 }).toBe(200);
      });
    });
  },
);

/** What Kratos's own middleware for metadata does: hands on what is global. */
const handOn: Middleware = (next) => (request, context) => {
  context.requestHeader.set("x-md-global-user", "ann");
  return next(request, context);
};

test("our client finds a server of Kratos for Go healthy, and its middleware hands metadata on", async () => {
  await whileGoServes(async ({ grpc }) => {
    const client = new GrpcClient({ endpoint: grpc, healthCheck: true, middleware: [handOn] });
    try {
      const reply = await createEchoServiceGrpcClient(client).say({ text: "hi" });
      expect(reply.metadata).toEqual({ "x-md-global-user": "ann" });
    } finally {
      client.close();
    }
  });
});
