import { vi } from "vitest";
import { http2Engine } from "../../src/transport/http2/stack/server-engine.ts";

// Suites of the gRPC client and of stopping servers run once more, against servers on this engine.
vi.mock("../../src/transport/http2/node/node-server.ts", () => ({
  createNodeServer: http2Engine().createServer,
}));

await import("../grpc/client.test.ts");
await import("../grpc/client-streams.test.ts");
await import("../grpc/client-messages.test.ts");
await import("../grpc/client-cancel.test.ts");
await import("../grpc/client-keepalive.test.ts");
await import("../grpc/client-servers.test.ts");
await import("../grpc/client-tls.test.ts");
await import("../grpc/client-wait.test.ts");
await import("../transport/stopping.test.ts");
