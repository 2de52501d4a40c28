import { createServer as createHttp2Server } from "node:http2";
import { describe, expect, onTestFinished, test } from "vitest";
import { createDeferred } from "./deferred.ts";
import { Collect, Echo } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { listen, replyFrame, respond } from "./raw-server.ts";

describe("a request", () => {
  test("says all that gRPC wants", async () => {
    let seen: Record<string, unknown> = {};
    const server = createHttp2Server();
    onTestFinished(() => void server.close());
    server.on("stream", (stream, fields) => {
      seen = fields;
      respond(stream, [replyFrame({})], { "grpc-status": "0" });
    });
    const address = await listen(server);
    await createClient(address).method(Echo)({}, { headers: { "X-Many": ["1", "2"] } });
    expect(seen).toMatchObject({
      ":method": "POST",
      ":path": Echo.operation,
      ":scheme": "http",
      ":authority": address,
      "content-type": "application/grpc",
      te: "trailers",
      "user-agent": expect.stringContaining("kratos"),
      "grpc-timeout": expect.stringMatching(/^\d{1,8}u$/),
      "x-many": "1, 2",
    });
  });

  test("without a timeout has no grpc-timeout", async () => {
    const { address } = await startServer(
      (server) => {
        server.handle(Echo, (_, { deadline }) => ({ text: String(deadline) }));
      },
      { timeout: 0 },
    );
    const echo = createClient(address).method(Echo);
    expect(await echo({}, { timeout: 0 })).toMatchObject({ text: "undefined" });
    expect(await createClient(address, { timeout: 0 }).method(Echo)({})).toMatchObject({
      text: "undefined",
    });
  });

  test("that does not fit its type is refused before it is sent", async () => {
    const { address } = await startServer((server) => server.handle(Echo, () => ({})));
    const call = createClient(address).method(Echo)({ count: "three" as never });
    await expect(call).rejects.toMatchObject({ code: 400, reason: "CODEC" });
  });

  test("with headers that gRPC cannot carry is refused", async () => {
    const { address } = await startServer((server) => server.handle(Echo, () => ({})));
    const call = createClient(address).method(Echo)({}, { headers: { "x-name": "Jürgen" } });
    await expect(call).rejects.toThrow(/printable ASCII/);
  });

  test("with two values where HTTP/2 allows one is refused", async () => {
    const { address } = await startServer((server) => server.handle(Echo, () => ({})));
    const echo = createClient(address).method(Echo);
    await expect(echo({}, { headers: { etag: ["1", "2"] } })).rejects.toThrow(/single value/);
    await expect(echo({}, { headers: { etag: "1" } })).resolves.toBeDefined();
  });

  test("keeps the client's own user agent", async () => {
    const { address } = await startServer((server) => {
      server.handle(Echo, (_, { requestHeader }) => ({
        text: `${requestHeader.get("user-agent")}`,
      }));
    });
    const reply = await createClient(address).method(Echo)(
      {},
      { headers: { "user-agent": "curl/8", connection: "close", host: "example.com" } },
    );
    expect(reply.text).toMatch(/^grpc-kratos-ts/);
  });

  test("stream that throws cancels the call, and its error is the call's", async () => {
    const [begun, canceled] = [createDeferred(), createDeferred()];
    const { address } = await startServer((server) => {
      server.handle(Collect, async (requests, { signal }) => {
        signal.addEventListener("abort", () => canceled.resolve());
        begun.resolve();
        for await (const _ of requests);
        return {};
      });
    });
    const cause = new Error("disk is gone");
    async function* requests(): AsyncIterable<{ text: string }> {
      yield { text: "a" };
      await begun.promise;
      throw cause;
    }
    const call = createClient(address).method(Collect)(requests());
    await expect(call).rejects.toMatchObject({ code: 500, message: "disk is gone", cause });
    await canceled.promise;
  });
});

test("metadata that HTTP/2 cannot carry fails its call, and goes nowhere", async () => {
  let calls = 0;
  const { address } = await startServer((server) => {
    server.handle(Echo, ({ text }) => {
      calls++;
      return { text };
    });
  });
  const echo = createClient(address).method(Echo);
  const headers = { "x-large": "x".repeat(66_000) };
  await expect(echo({ text: "a" }, { headers, repeatable: true })).rejects.toMatchObject({
    code: 429,
    message: expect.stringMatching(/^metadata of \d+ bytes is more than the 65535 /),
  });
  expect(await echo({ text: "b" })).toMatchObject({ text: "b" });
  expect(calls).toBe(1);
});
