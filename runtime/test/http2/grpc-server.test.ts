import { vi } from "vitest";
import { http2Engine } from "../../src/transport/http2/stack/server-engine.ts";

// Every suite of the gRPC server runs once more, on this engine.
vi.mock("../../src/transport/http2/node/node-server.ts", () => ({
  createNodeServer: http2Engine().createServer,
}));

await import("../grpc/server.test.ts");
await import("../grpc/server-request.test.ts");
await import("../grpc/server-error.test.ts");
await import("../grpc/server-deadline.test.ts");
await import("../grpc/server-middleware.test.ts");
await import("../grpc/hostile-handlers.test.ts");
await import("../grpc/health.test.ts");
await import("../grpc/shutdown.test.ts");
await import("../grpc/interop.test.ts");
await import("../grpc/tls.test.ts");
await import("../grpc/compression.test.ts");
await import("../grpc/reply-metadata.test.ts");
await import("../grpc/error-details.test.ts");
await import("../grpc/back-pressure.test.ts");
await import("../grpc/connection-life.test.ts");
await import("../grpc/fuzz.test.ts");
await import("../grpc/metadata-limit.test.ts");
await import("../transport/buffers.test.ts");
