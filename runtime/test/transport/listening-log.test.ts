import { GrpcServer } from "@kratos-ts/runtime/grpc";
import { HttpServer } from "@kratos-ts/runtime/http";
import { createLogger } from "@kratos-ts/runtime/log";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { appInfo } from "../http/serve.ts";

const socket = (kind: string) => join(tmpdir(), `kratos-log-${kind}-${process.pid}.sock`);

test.for([
  ["HTTP", "0.0.0.0:0", "tcp", "0.0.0.0:<port>"],
  ["gRPC", "0.0.0.0:0", "tcp", "0.0.0.0:<port>"],
  ["HTTP", "127.0.0.1:0", "tcp", "127.0.0.1:<port>"],
  ["gRPC", "127.0.0.1:0", "tcp", "127.0.0.1:<port>"],
  ["HTTP", socket("http"), "unix", socket("http")],
  ["gRPC", socket("grpc"), "unix", socket("grpc")],
] as const)("a %s server on %s logs where it listens", async ([kind, addr, network, want]) => {
  const lines: string[] = [];
  const logger = createLogger({ format: "json", write: (line) => void lines.push(line) });
  const Server = kind === "HTTP" ? HttpServer : GrpcServer;
  const server = new Server({ addr, network, logger });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  await server.start(appInfo);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { msg: `[${kind}] server listening`, addr: want.replace("<port>", String(server.port)) },
  ]);
});
