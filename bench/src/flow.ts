/** The work of the servers of streams: so many messages of one size, either way. */
import { create, toBinary } from "@bufbuild/protobuf";
import { ChunkSchema, SendRequestSchema } from "../proto/flow/v1/flow_pb.ts";
import { framed } from "./servers/grpc/frame.ts";

/** One shape of stream. */
export interface Flow {
  readonly messages: number;
  /** Bytes of data in each message. */
  readonly size: number;
}

/** Many small messages, and fewer large ones. */
export const flows: readonly Flow[] = [
  { messages: 1000, size: 1024 },
  { messages: 100, size: 64 * 1024 },
];

/** What the messages of a stream of this size carry. */
export function chunkData(size: number): Uint8Array {
  return Buffer.alloc(size, "flow");
}

/** The body of a call of `Send`: a request for the flow. */
export function sendBody(flow: Flow): Uint8Array {
  return framed(toBinary(SendRequestSchema, create(SendRequestSchema, flow)));
}

/** The body of a call of `Receive`: all messages of the flow. */
export function receiveBody({ messages, size }: Flow): Uint8Array {
  const data = chunkData(size);
  return Buffer.concat(
    Array.from({ length: messages }, (_, number) =>
      framed(toBinary(ChunkSchema, create(ChunkSchema, { number, data }))),
    ),
  );
}
