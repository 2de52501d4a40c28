import type { ClientReadableStream, ClientWritableStream, ServiceError } from "@grpc/grpc-js";
import { credentials, makeClientConstructor } from "@grpc/grpc-js";
import { isDeepStrictEqual } from "node:util";
import { chunkData, type Flow } from "./flow.ts";
import { loadProtoService } from "./load-proto-service.ts";

/** Of several frames of HTTP/2 in each message, and no round number of them. */
const flow: Flow = { messages: 7, size: 40_000 };

interface JsonChunk {
  readonly number: number;
  readonly data: Uint8Array;
}

/** The two methods as `@grpc/grpc-js` gives them. */
interface FlowClient {
  send(request: Flow): ClientReadableStream<JsonChunk>;
  receive(
    callback: (error: ServiceError | null, reply: unknown) => void,
  ): ClientWritableStream<JsonChunk>;
}

/** Throws unless the gRPC server on `port` does the work of streams: both methods, every message. */
export async function checkFlowAnswers(port: number): Promise<void> {
  const Client = makeClientConstructor(loadProtoService("flow.v1.FlowService"), "FlowService");
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    await checkSend(client as unknown as FlowClient);
    await checkReceive(client as unknown as FlowClient);
  } finally {
    client.close();
  }
}

async function checkSend(client: FlowClient): Promise<void> {
  const expected = Buffer.from(chunkData(flow.size));
  let messages = 0;
  for await (const { number, data } of client.send(flow) as AsyncIterable<JsonChunk>) {
    if (number !== messages++ || !expected.equals(data)) {
      throw new Error(`Send gives a wrong message where number ${messages - 1} should be`);
    }
  }
  if (messages !== flow.messages) {
    throw new Error(`Send gives ${messages} messages instead of ${flow.messages}`);
  }
}

async function checkReceive(client: FlowClient): Promise<void> {
  const data = chunkData(flow.size);
  const reply = await new Promise((resolve, reject) => {
    const call = client.receive((error, counted) => {
      if (error === null) resolve(counted);
      else reject(error);
    });
    for (let number = 0; number < flow.messages; number++) call.write({ number, data });
    call.end();
  });
  const expected = { messages: flow.messages, bytes: String(flow.messages * flow.size) };
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(reply)), expected)) {
    throw new Error(
      `Receive answers ${JSON.stringify(reply)} instead of ${JSON.stringify(expected)}`,
    );
  }
}
