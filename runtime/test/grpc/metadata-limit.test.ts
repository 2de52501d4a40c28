import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { Echo } from "./echo-schema.ts";
import { echoDefinition, type ReplyInit } from "./grpc-js-echo.ts";
import { startServer } from "./kratos-peer.ts";

function createCall(address: string): (bytes: number) => Promise<ReplyInit> {
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const { path, requestSerialize, responseDeserialize } = echoDefinition.Echo;
  return (bytes) => {
    const metadata = new Metadata();
    metadata.set("x-large", "x".repeat(bytes));
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { text: "hello" },
        metadata,
        (error: ServiceError | null, reply) => (error === null ? resolve(reply!) : reject(error)),
      );
    });
  };
}

test.for([
  [2048, 2200],
  [64 * 1024, 65_600],
])(
  "metadata above the limit of %i bytes fails its call alone, whether the client knows the limit or not",
  async ([maxMetadataBytes, size]) => {
    const { address } = await startServer(
      (router) => router.handle(Echo, ({ text }) => ({ text })),
      { maxMetadataBytes },
    );
    const call = createCall(address);
    await expect(call(size!)).rejects.toMatchObject({ code: 8 });
    expect(await call(maxMetadataBytes! / 2)).toMatchObject({ text: "hello" });
    await expect(call(size!)).rejects.toMatchObject({ code: 8 });
    expect(await call(10)).toMatchObject({ text: "hello" });
  },
);
