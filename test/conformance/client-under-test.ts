/**
 * A client that the conformance suite judges by what it sees of a server: reads the calls to make from standard input,
 * and writes what came of each to standard output.
 */
import { GrpcClient } from "@kratos-ts/runtime";
import { ConformanceCall } from "./conformance-call.ts";
import {
  type ClientCompatRequest,
  ClientCompatRequestSchema,
  ClientCompatResponseSchema,
} from "./proto/connectrpc/conformance/v1/client_compat_pb.ts";
import { Compression } from "./proto/connectrpc/conformance/v1/config_pb.ts";
import { readMessages, writeMessage } from "./size-prefixed.ts";

/** Calls that are made at a time. */
const maxCalls = 8;

function createClient(request: ClientCompatRequest): GrpcClient {
  const { host, port, serverTlsCert, clientTlsCreds, messageReceiveLimit, compression } = request;
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  return new GrpcClient({
    endpoint: `${host}:${port}`,
    timeout: 0,
    compression: compression === Compression.GZIP && { threshold: 0 },
    maxReceiveBytes: messageReceiveLimit === 0 ? undefined : messageReceiveLimit,
    ...(serverTlsCert.length > 0 && {
      tls: {
        ca: text(serverTlsCert),
        ...(clientTlsCreds && { cert: text(clientTlsCreds.cert), key: text(clientTlsCreds.key) }),
      },
    }),
  });
}

async function run(request: ClientCompatRequest): Promise<void> {
  const { testName } = request;
  const client = createClient(request);
  try {
    const value = await new ConformanceCall(request).run(client);
    const result = { case: "response" as const, value };
    writeMessage(ClientCompatResponseSchema, { testName, result }, process.stdout);
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const result = { case: "error" as const, value: { message } };
    writeMessage(ClientCompatResponseSchema, { testName, result }, process.stdout);
  } finally {
    client.close();
  }
}

const running = new Set<Promise<void>>();
for await (const request of readMessages(ClientCompatRequestSchema, process.stdin)) {
  const call = run(request).finally(() => running.delete(call));
  running.add(call);
  if (running.size >= maxCalls) await Promise.race(running);
}
await Promise.all(running);
