/** The mark: `node:http2` with this project's compiled codec, and no more than streams need. */
import { compileCodec } from "@kratos-ts/runtime/codec";
import type { ServerHttp2Stream } from "node:http2";
import { createServer } from "node:http2";
import {
  ChunkSchema,
  ReceiveReplySchema,
  SendRequestSchema,
} from "../../../proto/flow/v1/flow_pb.ts";
import { chunkData } from "../../flow.ts";
import { announce, portOf } from "../announce.ts";

const prefixBytes = 5;
const requestCodec = compileCodec(SendRequestSchema);
const chunkCodec = compileCodec(ChunkSchema);
const replyCodec = compileCodec(ReceiveReplySchema);
const headers = { ":status": 200, "content-type": "application/grpc" };
const trailers = { "grpc-status": "0" };

// The windows of the server that is measured: half of the work with large messages is how often they are refilled.
const server = createServer({ settings: { initialWindowSize: 256 * 1024 } });
server.on("session", (session) => session.setLocalWindowSize(1024 * 1024));
server.on("stream", (stream, { ":path": path }) => {
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  stream.on("error", () => undefined); // a client that leaves at the end of a slot
  if (path === "/flow.v1.FlowService/Send") send(stream);
  else receive(stream);
});
server.listen(0, "127.0.0.1", () => announce(portOf(server)));

function send(stream: ServerHttp2Stream): void {
  stream.on("data", (request: Buffer) => {
    const { messages, size } = requestCodec.fromBinary(request, prefixBytes);
    const data = chunkData(size);
    let number = 0;
    const goOn = (): void => {
      while (number < messages) {
        if (!stream.write(toFrame(chunkCodec.toBinary({ number: number++, data }, prefixBytes)))) {
          return;
        }
      }
      stream.off("drain", goOn);
      stream.end();
    };
    stream.respond(headers, { waitForTrailers: true });
    stream.on("drain", goOn);
    goOn();
  });
}

function receive(stream: ServerHttp2Stream): void {
  let messages = 0;
  let bytes = 0;
  /** What has come of messages that are not whole. */
  let parts: Buffer[] = [];
  let held = 0;
  /** Of the first message, with its prefix. */
  let wanted = prefixBytes;
  stream.on("data", (part: Buffer) => {
    parts.push(part);
    held += part.length;
    if (held < wanted) return;
    const all = parts.length === 1 ? part : Buffer.concat(parts);
    let at = 0;
    wanted = prefixBytes;
    while (all.length - at >= prefixBytes) {
      wanted = prefixBytes + all.readUInt32BE(at + 1);
      if (all.length - at < wanted) break;
      const { data } = chunkCodec.fromBinary(all, at + prefixBytes, at + wanted);
      messages++;
      bytes += data.length;
      at += wanted;
      wanted = prefixBytes;
    }
    held = all.length - at;
    parts = held === 0 ? [] : [all.subarray(at)];
  });
  stream.on("end", () => {
    if (stream.destroyed) return; // as above; Node ends the readable side of such streams, too
    stream.respond(headers, { waitForTrailers: true });
    stream.end(toFrame(replyCodec.toBinary({ messages, bytes: BigInt(bytes) }, prefixBytes)));
  });
}

function toFrame({ buffer, byteOffset, length }: Uint8Array): Buffer {
  const frame = Buffer.from(buffer, byteOffset, length);
  frame.writeUInt32BE(frame.length - prefixBytes, 1);
  return frame;
}
