import type { DescMessage, DescService, Message } from "@bufbuild/protobuf";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import type { GenMessage, GenService } from "@bufbuild/protobuf/codegenv2";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { GrpcMethod, MethodKind } from "../../src/transport/method.ts";

export type Item = Message<"test.echo.v1.Item"> & { name: string; price: bigint };

export type EchoRequest = Message<"test.echo.v1.EchoRequest"> & {
  text: string;
  count: number;
  payload: Uint8Array;
  item?: Item;
};

export type EchoReply = Message<"test.echo.v1.EchoReply"> & {
  text: string;
  count: number;
  payload: Uint8Array;
  items: Item[];
};

const buf = createRequire(import.meta.url).resolve("@bufbuild/buf/bin/buf");
const image = execFileSync(
  process.execPath,
  [buf, "build", "-o", "-", "--as-file-descriptor-set"],
  {
    cwd: fileURLToPath(new URL("./proto", import.meta.url)),
    maxBuffer: 16 * 1024 * 1024,
  },
);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, image));

/** A service of the test's protos. */
export function findService(name: string): DescService {
  const desc = registry.getService(name);
  if (desc === undefined) throw new Error(`the test's protos have no service "${name}"`);
  return desc;
}

function findSchema<M extends Message>(name: string): GenMessage<M> {
  const desc: DescMessage | undefined = registry.getMessage(name);
  if (desc === undefined) throw new Error(`the test's proto has no message "${name}"`);
  return desc as GenMessage<M>;
}

export const EchoRequestSchema = findSchema<EchoRequest>("test.echo.v1.EchoRequest");
export const EchoReplySchema = findSchema<EchoReply>("test.echo.v1.EchoReply");

type HealthCheckRequest = Message<"grpc.health.v1.HealthCheckRequest"> & { service: string };
type HealthCheckResponse = Message<"grpc.health.v1.HealthCheckResponse"> & { status: number };

const HealthCheckRequestSchema = findSchema<HealthCheckRequest>(
  "grpc.health.v1.HealthCheckRequest",
);
const HealthCheckResponseSchema = findSchema<HealthCheckResponse>(
  "grpc.health.v1.HealthCheckResponse",
);

type HealthMethod<K extends MethodKind> = GrpcMethod<
  typeof HealthCheckRequestSchema,
  typeof HealthCheckResponseSchema,
  K
>;

function healthMethod<K extends MethodKind>(name: string, kind: K): HealthMethod<K> {
  return {
    operation: `/grpc.health.v1.Health/${name}`,
    kind,
    input: HealthCheckRequestSchema,
    output: HealthCheckResponseSchema,
  };
}

export const HealthCheck = healthMethod("Check", "unary");
export const HealthWatch = healthMethod("Watch", "serverStreaming");

/** The service as clients of protobuf-es want it. */
export const EchoService = findService("test.echo.v1.EchoService") as GenService<{
  echo: {
    methodKind: "unary";
    input: typeof EchoRequestSchema;
    output: typeof EchoReplySchema;
  };
}>;

type EchoMethod<K extends MethodKind> = GrpcMethod<
  typeof EchoRequestSchema,
  typeof EchoReplySchema,
  K
>;

function method<K extends MethodKind>(name: string, kind: K): EchoMethod<K> {
  return {
    operation: `/test.echo.v1.EchoService/${name}`,
    kind,
    input: EchoRequestSchema,
    output: EchoReplySchema,
  };
}

export const Echo = method("Echo", "unary");
export const Repeat = method("Repeat", "serverStreaming");
export const Collect = method("Collect", "clientStreaming");
export const Chat = method("Chat", "bidiStreaming");
