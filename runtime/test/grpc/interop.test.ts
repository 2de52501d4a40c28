import { create, toBinary } from "@bufbuild/protobuf";
import { KratosError } from "@kratos-ts/runtime";
import { describe, expect, test } from "vitest";
import { createDeferred } from "./deferred.ts";
import type { EchoPeers } from "./echo-peers.ts";
import type { EchoReply } from "./echo-schema.ts";
import { EchoReplySchema } from "./echo-schema.ts";
import { connectGrpcJs, startGrpcJsServer } from "./grpc-js-peer.ts";
import type { RequestInit } from "./grpc-js-echo.ts";
import { connectKratos, startKratosServer } from "./kratos-peer.ts";

const pairs: EchoPeers[] = [
  { name: "our client and server", startServer: startKratosServer, connect: connectKratos },
  { name: "grpc-js calling our server", startServer: startKratosServer, connect: connectGrpcJs },
  { name: "our client calling grpc-js", startServer: startGrpcJsServer, connect: connectKratos },
];

async function* stream(...requests: RequestInit[]): AsyncIterable<RequestInit> {
  yield* requests;
}

async function collectTexts(replies: AsyncIterable<EchoReply>): Promise<string[]> {
  const texts: string[] = [];
  for await (const reply of replies) texts.push(reply.text);
  return texts;
}

const notFound = new KratosError(404, "ECHO_NOT_FOUND", 'no "écho" at 100%\n', {
  metadata: { id: "7", ключ: "значение" },
});

describe.for(pairs)("$name", ({ startServer, connect }) => {
  test("answer a unary call with every field", async () => {
    const address = await startServer({
      echo: (request) => ({
        text: `hello ${request.text}`,
        count: request.count + 1,
        payload: request.payload,
        items: request.item === undefined ? [] : [request.item, { name: "b", price: -(2n ** 63n) }],
      }),
    });
    const payload = new Uint8Array([0, 1, 255]);
    const item = { name: "a", price: 2n ** 53n + 1n };
    const reply = await connect(address).echo({ text: "you", count: 41, payload, item });
    const want = create(EchoReplySchema, {
      text: "hello you",
      count: 42,
      payload,
      items: [item, { name: "b", price: -(2n ** 63n) }],
    });
    expect(toBinary(EchoReplySchema, reply)).toEqual(toBinary(EchoReplySchema, want));
  });

  test("carry an empty message", async () => {
    const address = await startServer({ echo: () => ({}) });
    const reply = await connect(address).echo({});
    expect(reply).toEqual(create(EchoReplySchema));
  });

  test.for([0, 1, 16_378, 16_379, 16_384, 65_535, 1_000_000, 4 * 1024 * 1024 - 64])(
    "carry a payload of %i bytes there and back",
    async (size) => {
      const address = await startServer({ echo: ({ payload }) => ({ payload }) });
      const payload = new Uint8Array(size).map((_, i) => i * 31);
      const reply = await connect(address).echo({ payload }, { timeout: 20_000 });
      expect(Buffer.compare(reply.payload, payload)).toBe(0);
    },
  );

  test("refuse a reply above 4 MiB", async () => {
    const address = await startServer({
      echo: () => ({ payload: new Uint8Array(4 * 1024 * 1024) }),
    });
    await expect(connect(address).echo({}, { timeout: 20_000 })).rejects.toMatchObject({
      code: 429,
    });
  });

  test("refuse a request above 4 MiB", async () => {
    const address = await startServer({ echo: () => ({}) });
    const payload = new Uint8Array(4 * 1024 * 1024);
    await expect(connect(address).echo({ payload }, { timeout: 20_000 })).rejects.toMatchObject({
      code: 429,
    });
  });

  test("carry an error with reason, metadata and a message of any characters", async () => {
    const address = await startServer({
      echo() {
        throw notFound;
      },
    });
    const { code, reason, message, metadata } = notFound;
    await expect(connect(address).echo({})).rejects.toMatchObject({
      code,
      reason,
      message: expect.stringContaining(message),
      metadata,
    });
  });

  test("carry metadata both ways, binary too", async () => {
    const address = await startServer({
      echo(_, call) {
        call.reply("x-out-bin", `${call.header("x-in-bin")}`);
        return { text: `${call.header("x-in")} ${call.header("X-IN")}` };
      },
    });
    let seen: string | undefined;
    const reply = await connect(address).echo(
      {},
      {
        headers: { "x-in": "plain ~", "x-in-bin": "AAH//g" },
        onHeader: (name) => {
          seen = name("x-out-bin");
        },
      },
    );
    expect(reply.text).toBe("plain ~ plain ~");
    expect(seen).toBe("AAH//g");
  });

  test("pass the deadline on, and end a call that misses it", async () => {
    let remaining: number | undefined;
    const canceled = createDeferred();
    const address = await startServer({
      async echo({ text }, call) {
        if (text === "connect") return {};
        remaining = call.remaining();
        call.onCancel(canceled.resolve);
        await canceled.promise;
        return {};
      },
    });
    const client = connect(address);
    await client.echo({ text: "connect" });
    await expect(client.echo({}, { timeout: 300 })).rejects.toMatchObject({ code: 504 });
    await canceled.promise;
    expect(remaining).toBeGreaterThan(0);
    expect(remaining).toBeLessThanOrEqual(300);
  });

  test("tell the handler when the caller cancels", async () => {
    const running = createDeferred();
    const canceled = createDeferred();
    const address = await startServer({
      async echo(_, call) {
        call.onCancel(canceled.resolve);
        running.resolve();
        await canceled.promise;
        return {};
      },
    });
    const controller = new AbortController();
    const outcome = connect(address)
      .echo({}, { signal: controller.signal })
      .catch((error: unknown) => error);
    await running.promise;
    controller.abort();
    expect(await outcome).toMatchObject({ code: 499 });
    await canceled.promise;
  });

  test("stream replies in order", async () => {
    const address = await startServer({
      async *repeat({ text, count }) {
        for (let i = 0; i < count; i++) yield { text: `${text}${i}` };
      },
    });
    const texts = await collectTexts(connect(address).repeat({ text: "n", count: 1000 }));
    expect(texts).toEqual(Array.from({ length: 1000 }, (_, i) => `n${i}`));
  });

  test("end a stream without replies", async () => {
    const address = await startServer({ async *repeat() {} });
    expect(await collectTexts(connect(address).repeat({}))).toEqual([]);
  });

  test("carry an error after some replies", async () => {
    const address = await startServer({
      async *repeat() {
        yield { text: "one" };
        yield { text: "two" };
        throw notFound;
      },
    });
    const texts: string[] = [];
    const read = async (): Promise<void> => {
      for await (const reply of connect(address).repeat({})) texts.push(reply.text);
    };
    const { code, reason, metadata } = notFound;
    await expect(read()).rejects.toMatchObject({ code, reason, metadata });
    expect(texts).toEqual(["one", "two"]);
  });

  test("collect a stream of requests", async () => {
    const address = await startServer({
      async collect(requests) {
        const texts: string[] = [];
        for await (const { text } of requests) texts.push(text);
        return { text: texts.join(","), count: texts.length };
      },
    });
    const requests = Array.from({ length: 500 }, (_, i) => ({ text: String(i) }));
    const reply = await connect(address).collect(stream(...requests));
    expect(reply.count).toBe(500);
    expect(reply.text).toBe(requests.map(({ text }) => text).join(","));
  });

  test("collect an empty stream", async () => {
    const address = await startServer({
      async collect(requests) {
        let count = 0;
        for await (const _ of requests) count++;
        return { text: "none", count };
      },
    });
    expect(await connect(address).collect(stream())).toMatchObject({ text: "none", count: 0 });
  });

  test("answer a client stream before it ends", async () => {
    const address = await startServer({
      async collect(requests) {
        for await (const { text } of requests) return { text: `first ${text}` };
        return {};
      },
    });
    const more = createDeferred();
    async function* endless(): AsyncIterable<RequestInit> {
      yield { text: "a" };
      await more.promise;
    }
    const reply = await connect(address).collect(endless());
    more.resolve();
    expect(reply.text).toBe("first a");
  });

  test("talk in turns", async () => {
    const address = await startServer({
      async *chat(requests) {
        for await (const { text } of requests) yield { text: `re: ${text}` };
      },
    });
    const turns: ((request: RequestInit | undefined) => void)[] = [];
    async function* talk(): AsyncIterable<RequestInit> {
      for (;;) {
        const request = await new Promise<RequestInit | undefined>((resolve) => {
          turns.push(resolve);
        });
        if (request === undefined) return;
        yield request;
      }
    }
    const say = async (request: RequestInit | undefined): Promise<void> => {
      await expect.poll(() => turns.length).toBe(1);
      turns.shift()?.(request);
    };
    const replies = connect(address).chat(talk())[Symbol.asyncIterator]();
    for (const text of ["a", "b", "c"]) {
      const reply = replies.next();
      await say({ text });
      expect((await reply).value).toMatchObject({ text: `re: ${text}` });
    }
    const last = replies.next();
    await say(undefined);
    expect(await last).toMatchObject({ done: true });
  });

  test("go on answering after the client has ended its half", async () => {
    const address = await startServer({
      async *chat(requests) {
        let count = 0;
        for await (const _ of requests) count++;
        for (let i = 0; i < count; i++) yield { count: i };
      },
    });
    const counts: number[] = [];
    for await (const { count } of connect(address).chat(stream({}, {}, {}))) counts.push(count);
    expect(counts).toEqual([0, 1, 2]);
  });

  test("stop a stream whose reader leaves", async () => {
    const canceled = createDeferred();
    const address = await startServer({
      async *repeat(_, call) {
        call.onCancel(canceled.resolve);
        yield { text: "one" };
        yield { text: "two" };
        await canceled.promise;
      },
    });
    for await (const { text } of connect(address).repeat({})) {
      if (text === "two") break;
    }
    await expect(canceled.promise).resolves.toBeUndefined();
  });

  test("keep 200 calls on one connection apart", async () => {
    const address = await startServer({
      async echo({ count }) {
        await new Promise((resolve) => setImmediate(resolve));
        return { count };
      },
    });
    const client = connect(address);
    const counts = Array.from({ length: 200 }, (_, count) => count);
    const replies = await Promise.all(counts.map((count) => client.echo({ count })));
    expect(replies.map(({ count }) => count)).toEqual(counts);
  });
});
