import { Client, credentials } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { Echo } from "./echo-schema.ts";
import type { ReplyInit } from "./grpc-js-echo.ts";
import { echoDefinition } from "./grpc-js-echo.ts";
import { startServer } from "./start-echo-server.ts";

test("answers a unary call of grpc-js", async () => {
  const { address } = await startServer((server) => {
    server.handle(Echo, (request) => ({ text: `hello ${request.text}`, count: request.count }));
  });
  const client = new Client(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const { path, requestSerialize, responseDeserialize } = echoDefinition.Echo;
  const reply = await new Promise<ReplyInit | undefined>((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { text: "you", count: 3 },
      (error, value) => (error ? reject(error) : resolve(value)),
    );
  });
  expect(reply).toMatchObject({ text: "hello you", count: 3 });
});
