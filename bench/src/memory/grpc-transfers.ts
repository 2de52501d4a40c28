import { once } from "node:events";
import { connect } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { sendBody } from "../flow.ts";
import { engineId, ownId } from "../peers.ts";
import type { Transfer } from "./transfer.ts";

const size = 64 * 1024;
/** How long a slow client reads, and how long it rests after each part of what comes; milliseconds. */
const patience = 5000;
const rest = 5;

/** Streams of the gRPC server, on each engine, to a client that reads slowly. */
export const grpcTransfers: readonly Transfer[] = [ownId, engineId].map((id) => ({
  title: id === ownId ? "gRPC, slow reader, 5 s" : "the same on http2Engine()",
  server: `grpc-stream/${id}`,
  move: receiveSlowly,
}));

async function receiveSlowly(port: number, bytes: number): Promise<number> {
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": "/flow.v1.FlowService/Send",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.end(sendBody({ messages: Math.ceil(bytes / size), size }));
    await once(stream, "response");
    const end = performance.now() + patience;
    let received = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      received += chunk.length;
      if (performance.now() > end) break;
      await delay(rest);
    }
    return received;
  } finally {
    session.destroy();
  }
}
