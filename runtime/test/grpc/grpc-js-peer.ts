import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  StatusObject,
} from "@grpc/grpc-js";
import { Client, credentials, Metadata, Server, ServerCredentials } from "@grpc/grpc-js";
import { encodeStatusDetails, fromError, toGrpcStatusCode } from "@kratos-ts/runtime";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";
import type { EchoCall, EchoClient, EchoHandlers, PeerCallOptions } from "./echo-peers.ts";
import type { EchoReply, EchoRequest } from "./echo-schema.ts";
import type { ReplyInit, RequestInit } from "./grpc-js-echo.ts";
import { echoDefinition } from "./grpc-js-echo.ts";

/** The test's service through the server of `@grpc/grpc-js`. */
export async function startGrpcJsServer(handlers: EchoHandlers): Promise<string> {
  const server = new Server();
  const unary: handleUnaryCall<EchoRequest, ReplyInit> = (call, callback) => {
    settle(() => handlers.echo?.(call.request, toCall(call)), callback);
  };
  const collect: handleClientStreamingCall<EchoRequest, ReplyInit> = (call, callback) => {
    settle(() => handlers.collect?.(readRequests(call), toCall(call)), callback);
  };
  const repeat: handleServerStreamingCall<EchoRequest, ReplyInit> = (call) => {
    void pump(() => handlers.repeat?.(call.request, toCall(call)), call);
  };
  const chat: handleBidiStreamingCall<EchoRequest, ReplyInit> = (call) => {
    void pump(() => handlers.chat?.(readRequests(call), toCall(call)), call);
  };
  const { Echo, Repeat, Collect, Chat } = echoDefinition;
  const implementations = { Echo: unary, Repeat: repeat, Collect: collect, Chat: chat };
  server.addService({ Echo, Repeat, Collect, Chat }, implementations);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  onTestFinished(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}

/** What the calls of all four kinds have in common. */
interface SurfaceCall {
  readonly metadata: Metadata;
  sendMetadata(metadata: Metadata): void;
  getDeadline(): Date | number;
  once(event: "cancelled", listener: () => void): unknown;
}

function toCall(call: SurfaceCall): EchoCall {
  return {
    header: (name) => toText(call.metadata.get(name)[0]),
    reply(name, value) {
      const metadata = new Metadata();
      metadata.set(name, fromText(name, value));
      call.sendMetadata(metadata);
    },
    remaining() {
      const deadline = Number(call.getDeadline());
      return Number.isFinite(deadline) ? deadline - Date.now() : undefined;
    },
    onCancel: (listener) => call.once("cancelled", () => listener()),
  };
}

// A call that is iterated as it is would be destroyed by the end of its requests.
function readRequests(call: Readable): AsyncIterable<EchoRequest> {
  return call.iterator({ destroyOnReturn: false });
}

async function settle(
  run: () => ReplyInit | Promise<ReplyInit> | undefined,
  callback: (error: Partial<StatusObject> | null, reply?: ReplyInit) => void,
): Promise<void> {
  try {
    callback(null, await run());
  } catch (error) {
    callback(toStatus(error));
  }
}

async function pump(
  run: () => AsyncIterable<ReplyInit> | undefined,
  call: Writable,
): Promise<void> {
  try {
    for await (const reply of run() ?? []) {
      if (!call.write(reply)) await once(call, "drain");
    }
    call.end();
  } catch (error) {
    call.emit("error", toStatus(error));
  }
}

function toStatus(thrown: unknown): Partial<StatusObject> {
  const error = fromError(thrown);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(encodeStatusDetails(error)));
  return { code: toGrpcStatusCode(error.code), details: error.message, metadata };
}

/** The test's service through the client of `@grpc/grpc-js`. */
export function connectGrpcJs(address: string): EchoClient {
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const { Echo, Repeat, Collect, Chat } = echoDefinition;
  return {
    echo: (request, options) =>
      promiseReply(options, (done) =>
        client.makeUnaryRequest(
          Echo.path,
          Echo.requestSerialize,
          Echo.responseDeserialize,
          request,
          toMetadata(options),
          toOptions(options),
          done,
        ),
      ),
    collect: (requests, options) =>
      promiseReply(options, (done) => {
        const call = client.makeClientStreamRequest(
          Collect.path,
          Collect.requestSerialize,
          Collect.responseDeserialize,
          toMetadata(options),
          toOptions(options),
          done,
        );
        void send(requests, call);
        return call;
      }),
    async *repeat(request, options) {
      const call = client.makeServerStreamRequest(
        Repeat.path,
        Repeat.requestSerialize,
        Repeat.responseDeserialize,
        request,
        toMetadata(options),
        toOptions(options),
      );
      yield* readReplies(call, options);
    },
    async *chat(requests, options) {
      const call = client.makeBidiStreamRequest(
        Chat.path,
        Chat.requestSerialize,
        Chat.responseDeserialize,
        toMetadata(options),
        toOptions(options),
      );
      void send(requests, call);
      yield* readReplies(call, options);
    },
  };
}

interface CancelableCall {
  cancel(): void;
  on(event: "metadata", listener: (metadata: Metadata) => void): unknown;
}

function watch(call: CancelableCall, options: PeerCallOptions = {}): void {
  options.signal?.addEventListener("abort", () => call.cancel());
  call.on("metadata", (metadata) => {
    options.onHeader?.((name) => toText(metadata.get(name)[0]));
  });
}

function promiseReply(
  options: PeerCallOptions | undefined,
  begin: (done: (error: Error | null, reply?: ReplyInit) => void) => CancelableCall,
): Promise<EchoReply> {
  return new Promise((resolve, reject) => {
    const call = begin((error, reply) => {
      if (error !== null) reject(fromError(error));
      else resolve(reply as EchoReply);
    });
    watch(call, options);
  });
}

async function* readReplies(
  call: CancelableCall & Readable,
  options: PeerCallOptions | undefined,
): AsyncIterable<EchoReply> {
  watch(call, options);
  try {
    for await (const reply of call) yield reply as EchoReply;
  } catch (error) {
    throw fromError(error);
  } finally {
    call.cancel();
  }
}

async function send(requests: AsyncIterable<RequestInit>, call: Writable): Promise<void> {
  for await (const request of requests) {
    if (!call.write(request)) await once(call, "drain");
  }
  call.end();
}

function toMetadata(options: PeerCallOptions = {}): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    metadata.set(name, fromText(name, value));
  }
  return metadata;
}

function toOptions(options: PeerCallOptions = {}): { deadline?: number } {
  return options.timeout === undefined ? {} : { deadline: Date.now() + options.timeout };
}

// grpc-js has bytes where this project has their base64 text.
function fromText(name: string, value: string): string | Buffer {
  return name.endsWith("-bin") ? Buffer.from(value, "base64") : value;
}

function toText(value: string | Buffer | undefined): string | undefined {
  return typeof value === "object" ? value.toString("base64").replace(/=+$/, "") : value;
}
