import { Client, credentials } from "@grpc/grpc-js";
import { GrpcServer } from "@kratos-ts/runtime/grpc";
import { http2Engine } from "@kratos-ts/runtime/http2";
import { silentLogger } from "@kratos-ts/runtime/log";
import { expect, onTestFinished, test } from "vitest";
import { Repeat } from "../grpc/echo-schema.ts";
import { echoDefinition } from "../grpc/grpc-js-echo.ts";
import { app } from "../grpc/kratos-peer.ts";

test("messages arrive as they were, however fast each of several readers is", async () => {
  const server = new GrpcServer({
    addr: "127.0.0.1:0",
    logger: silentLogger,
    engine: http2Engine(),
  });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  const count = 1000;
  server.handle(Repeat, async function* repeat({ text }) {
    for (let i = 0; i < count; i++) yield { text: `${text}${i} `.repeat(100) };
  });
  await server.start(app);
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const { path, requestSerialize, responseDeserialize } = echoDefinition.Repeat;
  const read = async (text: string, slow: boolean): Promise<number> => {
    let right = 0;
    const replies = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
      text,
    });
    for await (const reply of replies as AsyncIterable<{ text: string }>) {
      if (reply.text === `${text}${right} `.repeat(100)) right++;
      if (slow && right % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return right;
  };
  const readers = ["a", "b", "c", "d"].map((text, i) => read(text, i % 2 === 0));
  expect(await Promise.all(readers)).toEqual([count, count, count, count]);
});
