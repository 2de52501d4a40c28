/** The server of the soak: a process of its own, started with `--expose-gc`, that counts what it holds. */
import { GrpcServer } from "@kratos-ts/runtime/grpc";
import { http2Engine } from "@kratos-ts/runtime/http2";
import { silentLogger } from "@kratos-ts/runtime/log";
import { setImmediate } from "node:timers/promises";
import type { Http2Engine } from "../../../src/transport/http2/server-engine.ts";
import { Chat, Collect, Echo, type EchoRequest, Repeat } from "../../grpc/echo-schema.ts";

/** What the server holds; sizes in bytes. */
export interface Holdings {
  readonly heap: number;
  readonly buffers: number;
  readonly resident: number;
  readonly connections: number;
  /** Streams that were opened since the start. */
  readonly opened: number;
  /** Those of them that memory is still held for. */
  readonly held: number;
  /** Handlers that run. */
  readonly running: number;
}

let connections = 0;
let opened = 0;
let collected = 0;
let running = 0;
const streams = new FinalizationRegistry(() => collected++);

/** Counts what goes through `engine`. */
function watched(engine: Http2Engine): Http2Engine {
  return {
    createServer: (options, onStream, onError) => {
      const { observer } = options;
      const counting = {
        onCertificate: observer.onCertificate.bind(observer),
        onHandshakeError: observer.onHandshakeError.bind(observer),
        onGoaway: observer.onGoaway.bind(observer),
        onLimit: observer.onLimit.bind(observer),
        onConnection: () => connections++,
        onConnectionClosed: () => connections--,
      };
      return engine.createServer(
        { ...options, observer: counting },
        (stream) => {
          opened++;
          streams.register(stream, undefined);
          return onStream(stream);
        },
        onError,
      );
    },
  };
}

const payload = new Uint8Array(1024);

const server = new GrpcServer({
  addr: "127.0.0.1:0",
  logger: silentLogger,
  engine: watched(http2Engine()),
});
server.handle(Echo, ({ text }) => ({ text }));
server.handle(Repeat, async function* repeat({ count }) {
  running++;
  try {
    for (let i = 0; i < count; i++) yield { payload };
  } finally {
    running--;
  }
});
server.handle(Collect, async (requests) => {
  running++;
  try {
    let count = 0;
    for await (const request of requests) count += request.payload.length;
    return { count };
  } finally {
    running--;
  }
});
server.handle(Chat, async function* chat(requests: AsyncIterable<EchoRequest>) {
  running++;
  try {
    for await (const { text } of requests) yield { text };
  } finally {
    running--;
  }
});

async function measure(): Promise<Holdings> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await setImmediate(); // oxlint-disable-line no-await-in-loop -- registries hear of a collection later
  }
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  const held = opened - collected;
  return {
    heap: heapUsed,
    buffers: arrayBuffers,
    resident: rss,
    connections,
    opened,
    held,
    running,
  };
}

process.on("message", () => {
  void measure().then((holdings) => process.send?.(holdings));
});
process.on("disconnect", () => process.exit());

await server.start({ id: "1", name: "soak", version: "1", metadata: {}, endpoints: [] });
process.send?.(server.port);
