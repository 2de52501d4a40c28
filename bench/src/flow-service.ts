import type { Chunk, SendRequest } from "../proto/flow/v1/flow_pb.ts";
import { chunkData } from "./flow.ts";

/** Gives the messages that were asked for. */
export async function* send({ messages, size }: SendRequest) {
  const data = chunkData(size);
  for (let number = 0; number < messages; number++) yield { number, data };
}

/** Counts messages and their bytes. */
export async function receive(chunks: AsyncIterable<Chunk>) {
  let messages = 0;
  let bytes = 0;
  for await (const { data } of chunks) {
    messages++;
    bytes += data.length;
  }
  return { messages, bytes: BigInt(bytes) };
}
