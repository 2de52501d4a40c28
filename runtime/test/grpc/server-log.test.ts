import { createLogger } from "@kratos-ts/runtime/log";
import { expect, test } from "vitest";
import { RawClient, reset } from "../http2/raw-client.ts";
import { Echo } from "./echo-schema.ts";
import { startServer } from "./kratos-peer.ts";
import { isEndOf, wholeCall } from "./raw-grpc.ts";

test("the log is told of clients over a limit once in a second, however many there are", async () => {
  const records: string[] = [];
  const logger = createLogger({
    write: (text) => records.push(text),
    format: "json",
    level: "warn",
  });
  const { address } = await startServer(
    (router) => router.handle(Echo, () => new Promise(() => undefined)),
    { logger, maxConcurrentStreams: 1, timeout: 0 },
  );
  const client = await RawClient.connect(Number(address.split(":")[1]));
  client.send(wholeCall(1, "Echo"), reset(1, 8));
  for (let id = 3; id < 20; id += 2) {
    client.send(wholeCall(id, "Echo"));
    await client.find(isEndOf(id));
  }
  expect(client.outcome().filter((line) => line.endsWith(" 7"))).toHaveLength(9);
  expect(records.map((text): unknown => JSON.parse(text))).toMatchObject([
    { peer: expect.stringContaining("127.0.0.1:"), limit: "streams", untold: 0 },
  ]);
});
