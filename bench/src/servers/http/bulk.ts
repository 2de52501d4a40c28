/** This project's server with calls that carry more than fits into memory. */
import type { HttpBody } from "@kratos-ts/runtime/protos/google/api/httpbody_pb.ts";
import { HttpServer } from "@kratos-ts/runtime/http";
import { createLogger } from "@kratos-ts/runtime/log";
import { logging, recovery } from "@kratos-ts/runtime/middleware";
import { registerBulkServiceHttpServer } from "../../../proto/bulk/v1/bulk_http.ts";
import type { WatchRequest } from "../../../proto/bulk/v1/bulk_pb.ts";
import { announce } from "../announce.ts";

const logger = createLogger({ level: "warn" });
const server = new HttpServer({
  addr: "127.0.0.1:0",
  timeout: 0,
  logger,
  middleware: [recovery({ logger }), logging(logger)],
});

const chunkBytes = 64 * 1024;
const text = "x".repeat(chunkBytes);
const data = Buffer.from(text);

registerBulkServiceHttpServer(server, {
  async upload(parts: AsyncIterable<HttpBody>) {
    let bytes = 0n;
    for await (const part of parts) bytes += BigInt(part.data.length);
    return { bytes };
  },
  async *watch(request: WatchRequest) {
    for (let sent = 0n; sent < request.bytes; sent += BigInt(chunkBytes)) yield { text };
  },
  async *download(request: WatchRequest) {
    for (let sent = 0n; sent < request.bytes; sent += BigInt(chunkBytes)) {
      yield { contentType: "application/octet-stream", data };
    }
  },
});
await server.start({ id: "1", name: "bench", version: "1", metadata: {}, endpoints: [] });
announce(Number((await server.endpoint()).port));
