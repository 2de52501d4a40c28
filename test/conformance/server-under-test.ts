/**
 * A server that the conformance suite calls: reads what it is to be from standard input, tells where it listens on
 * standard output, and serves until it is told to stop. The argument names the server: `grpc` and `grpc-http2` are a
 * `GrpcServer` on either engine, `http` is an `HttpServer`.
 */
import { createRegistry } from "@bufbuild/protobuf";
import { App, GrpcServer, HttpServer } from "@kratos-ts/runtime";
import { http2Engine } from "@kratos-ts/runtime/http2";
import { silentLogger } from "@kratos-ts/runtime/log";
import { ConformanceService } from "./conformance-service.ts";
import {
  type ServerCompatRequest,
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from "./proto/connectrpc/conformance/v1/server_compat_pb.ts";
import {
  ConformanceServiceBidiStreamMethod,
  ConformanceServiceClientStreamMethod,
  ConformanceServiceIdempotentUnaryMethod,
  ConformanceServiceServerStreamMethod,
  ConformanceServiceUnaryMethod,
} from "./proto/connectrpc/conformance/v1/service_grpc.ts";
import { file_connectrpc_conformance_v1_service } from "./proto/connectrpc/conformance/v1/service_pb.ts";
import { readMessages, writeMessage } from "./size-prefixed.ts";

function createServer(kind: string, request: ServerCompatRequest): GrpcServer | HttpServer {
  const { serverCreds, clientTlsCert, messageReceiveLimit, useTls } = request;
  const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
  const shared = {
    addr: "127.0.0.1:0",
    timeout: 0,
    logger: silentLogger,
    compression: { threshold: 0 },
    json: { registry: createRegistry(file_connectrpc_conformance_v1_service) },
    tls: useTls && {
      cert: text(serverCreds?.cert),
      key: text(serverCreds?.key),
      ca: text(clientTlsCert),
    },
  };
  const limit = messageReceiveLimit === 0 ? undefined : messageReceiveLimit;
  if (kind === "http") return new HttpServer({ ...shared, maxBodyBytes: limit });
  const engine = kind === "grpc-http2" ? http2Engine() : undefined;
  return new GrpcServer({ ...shared, engine, maxReceiveBytes: limit });
}

const [kind = ""] = process.argv.slice(2);
const { value: request } = await readMessages(ServerCompatRequestSchema, process.stdin).next();
if (request === undefined) throw new Error("nobody said what the server is to be");
const server = createServer(kind, request);
const router = server instanceof HttpServer ? server.rpc : server;
const service = new ConformanceService();
// "Unimplemented" is left out: the suite wants to be told that there is no such method.
router.handle(ConformanceServiceUnaryMethod, (message, context) => service.unary(message, context));
router.handle(ConformanceServiceIdempotentUnaryMethod, (message, context) =>
  service.idempotentUnary(message, context),
);
router.handle(ConformanceServiceClientStreamMethod, (messages, context) =>
  service.clientStream(messages, context),
);
router.handle(ConformanceServiceServerStreamMethod, (message, context) =>
  service.serverStream(message, context),
);
router.handle(ConformanceServiceBidiStreamMethod, (messages, context) =>
  service.bidiStream(messages, context),
);
await new App({
  name: "conformance",
  servers: [server],
  logger: silentLogger,
  stopTimeout: 1000,
  afterStart: async () => {
    const { port } = await server.endpoint();
    writeMessage(
      ServerCompatResponseSchema,
      {
        host: "127.0.0.1",
        port: Number(port),
        pemCert: request.serverCreds?.cert ?? new Uint8Array(),
      },
      process.stdout,
    );
  },
}).run();
