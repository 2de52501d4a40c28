/** The server that is attacked: a process of its own, which tells its parent its port and its memory. */
import { create } from "@bufbuild/protobuf";
import { HttpServer } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { ErrorInfoSchema } from "@kratos-ts/runtime/protos/google/rpc/error_details_pb.ts";
import { headersTimeout, idleTimeout } from "./settings.ts";

const server = new HttpServer({
  addr: "127.0.0.1:0",
  logger: silentLogger,
  headersTimeout,
  idleTimeout,
});
server.handle(
  {
    operation: "/attack.Target/Echo",
    input: ErrorInfoSchema,
    output: ErrorInfoSchema,
    bindings: [
      { method: "GET", path: "/v1" },
      { method: "POST", path: "/v1", body: "*" },
    ],
  },
  () => create(ErrorInfoSchema, { reason: "OK" }),
);
await server.start({ id: "", name: "target", version: "", metadata: {}, endpoints: [] });

process.on("message", (question) => {
  if (question === "memory") {
    globalThis.gc?.();
    process.send?.({ memory: process.memoryUsage().rss });
  } else if (question === "stop") {
    void server.stop(AbortSignal.abort()).then(() => process.disconnect());
  }
});
process.send?.({ port: server.port });
