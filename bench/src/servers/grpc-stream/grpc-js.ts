/** `@grpc/grpc-js` with `@grpc/proto-loader`, as its guide shows it, and with regard for who reads slowly. */
import type { sendUnaryData, ServerReadableStream, ServerWritableStream } from "@grpc/grpc-js";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { chunkData, type Flow } from "../../flow.ts";
import { loadProtoService } from "../../load-proto-service.ts";
import { announce } from "../announce.ts";

interface JsonChunk {
  readonly number: number;
  readonly data: Uint8Array;
}

interface JsonReceiveReply {
  readonly messages: number;
  readonly bytes: string;
}

const server = new Server();
server.addService(loadProtoService("flow.v1.FlowService"), {
  send(call: ServerWritableStream<Flow, JsonChunk>): void {
    const { messages, size } = call.request;
    const data = chunkData(size);
    let number = 0;
    const goOn = (): void => {
      while (number < messages) {
        if (!call.write({ number: number++, data })) return;
      }
      call.off("drain", goOn);
      call.end();
    };
    call.on("drain", goOn);
    goOn();
  },
  receive(
    call: ServerReadableStream<JsonChunk, JsonReceiveReply>,
    callback: sendUnaryData<JsonReceiveReply>,
  ): void {
    let messages = 0;
    let bytes = 0;
    call.on("data", ({ data }: JsonChunk) => {
      messages++;
      bytes += data.length;
    });
    call.on("end", () => callback(null, { messages, bytes: String(bytes) }));
  },
});
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  announce(port);
});
