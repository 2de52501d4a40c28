import { createServer as createNetServer } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { Collect, Echo, Repeat } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { frame } from "./raw-call.ts";
import { headers, listen, replyFrame, respond, startRawServer } from "./raw-server.ts";

describe("compressed requests", () => {
  const text = "again and ".repeat(1000);

  test.for([
    ["of every call", { compression: true }, {}],
    ["of one call", {}, { compression: true }],
    ["at the best level", { compression: { level: 9, threshold: 10 } }, {}],
  ] as const)("%s are read", async ([, options, callOptions]) => {
    let encoding: string | undefined;
    let size = 0;
    const address = await startRawServer((stream) => {
      stream.on("data", (chunk: Buffer) => (size += chunk.length));
      stream.on("end", () => respond(stream, [replyFrame({})], { "grpc-status": "0" }));
      encoding = stream.session === undefined ? undefined : "there";
    });
    await createClient(address, options).method(Echo)({ text }, callOptions);
    expect(encoding).toBe("there");
    expect(size).toBeLessThan(500);
    const { address: server } = await startServer((router) => {
      router.handle(Echo, ({ text }) => ({ text }));
    });
    expect(await createClient(server, options).method(Echo)({ text }, callOptions)).toMatchObject({
      text,
    });
  });

  test("of any size and of streams are read", async () => {
    const { address } = await startServer((server) => {
      server.handle(Collect, async (requests) => {
        let count = 0;
        for await (const { payload } of requests) count += payload.length;
        return { count };
      });
    });
    async function* requests(): AsyncIterable<{ payload: Uint8Array }> {
      for (const size of [0, 10, 2000, 100_000, 1_000_000]) {
        yield { payload: new Uint8Array(size) };
      }
    }
    const collect = createClient(address, { compression: true }).method(Collect);
    expect(await collect(requests())).toMatchObject({ count: 1_102_010 });
  });
});

/** Answers with packed messages. */
async function startPacker(...bodies: Uint8Array[]): Promise<string> {
  return startRawServer((stream) => {
    stream.respond({ ...headers, "grpc-encoding": "gzip" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    for (const body of bodies) stream.write(frame(body, 1));
    stream.end();
  });
}

describe("compressed replies", () => {
  test("of streams are read in their order", async () => {
    const texts = ["a", "b".repeat(100_000), "c"];
    const address = await startPacker(
      ...texts.map((text) => gzipSync(replyFrame({ text }).subarray(5))),
    );
    const read: string[] = [];
    for await (const { text } of createClient(address).method(Repeat)({})) read.push(text);
    expect(read).toEqual(texts);
  });

  const bomb = gzipSync(new Uint8Array(50_000_000));

  test("that become too large are refused", async () => {
    const client = createClient(await startPacker(bomb));
    await expect(client.method(Echo)({})).rejects.toMatchObject({
      code: 429,
      message: expect.stringContaining("larger, uncompressed, than the limit"),
    });
    const read = async (): Promise<void> => {
      for await (const _ of client.method(Repeat)({}));
    };
    await expect(read()).rejects.toMatchObject({ code: 429 });
  });

  test("that are no gzip are refused", async () => {
    const client = createClient(await startPacker(new Uint8Array(2000)));
    await expect(client.method(Echo)({})).rejects.toMatchObject({ code: 500 });
  });

  test("are unpacked when they are read, not when they come", async () => {
    // Each is a thousand times as large as on the wire: together four gigabytes.
    const large = gzipSync(replyFrame({ payload: new Uint8Array(4_000_000) }).subarray(5));
    const address = await startPacker(...Array.from({ length: 1000 }, () => large));
    const replies = createClient(address).method(Repeat)({})[Symbol.asyncIterator]();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 3; i++) {
      const { value } = await replies.next();
      expect(value?.payload).toHaveLength(4_000_000);
    }
    await replies.return?.();
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  });
});

describe("a hostile server", () => {
  test("that sends more headers than are taken fails the call, and not the next", async () => {
    const address = await startRawServer((stream, index) => {
      if (index > 0) {
        respond(stream, [replyFrame({ text: "ok" })], { "grpc-status": "0" });
        return;
      }
      const many: Record<string, string> = {};
      for (let i = 0; i < 2500; i++) many[`x-${i}`] = "v";
      stream.respond({ ...headers, ...many, "grpc-status": "0" }, { endStream: true });
    });
    const echo = createClient(address).method(Echo);
    await expect(echo({})).rejects.toMatchObject({ name: "KratosError", code: 429 });
    expect(await echo({})).toMatchObject({ text: "ok" });
  });

  test.for([
    ["no frames", Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")],
    ["frames of no kind", Buffer.from([0, 0, 1, 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ["a frame that is too large", Buffer.from([0xff, 0xff, 0xff, 4, 0, 0, 0, 0, 0])],
    ["broken header compression", Buffer.from([0, 0, 3, 1, 5, 0, 0, 0, 1, 0xff, 0xff, 0xff])],
  ] as const)("that sends %s fails the call, and is left", async ([, garbage]) => {
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    let closed: () => void = () => {};
    const over = new Promise<void>((resolve) => (closed = resolve));
    const server = createNetServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("close", closed);
      socket.write(settings);
      socket.on("data", () => socket.write(garbage));
    });
    onTestFinished(() => void server.close());
    const options = { timeout: 50, retry: false, keepalive: { timeout: 50 } } as const;
    const call = createClient(await listen(server), options).method(Echo)({});
    const error: unknown = await call.catch((reason: unknown) => reason);
    // Node's part of HTTP/2 reads no further after some errors and tells nobody, so that time has to tell.
    expect([503, 504]).toContain((error as { code: number }).code);
    await over;
  });

  test("that never ends a reply is cut off after the first message too many", async () => {
    let closed: () => void = () => {};
    const over = new Promise<void>((resolve) => (closed = resolve));
    const address = await startRawServer((stream) => {
      stream.respond(headers);
      const send = (): void => {
        if (stream.destroyed) return;
        stream.write(replyFrame({ text: "more" }));
        setImmediate(send);
      };
      send();
      stream.on("close", closed);
    });
    await expect(createClient(address).method(Echo)({})).rejects.toMatchObject({ code: 501 });
    await over;
  });
});

test("trailers are told of, also of calls that fail", async () => {
  const address = await startRawServer((stream, index) => {
    respond(stream, [replyFrame({})], { "grpc-status": String(index * 5), "x-cost": "7" });
  });
  const echo = createClient(address).method(Echo);
  const seen: unknown[] = [];
  const onTrailer = (trailer: ReadonlyMap<string, readonly string[]>): void => {
    seen.push([...trailer]);
  };
  await echo({}, { onTrailer });
  await expect(echo({}, { onTrailer })).rejects.toMatchObject({ code: 404 });
  expect(seen).toEqual([[["x-cost", ["7"]]], [["x-cost", ["7"]]]]);
});

test("a client's headers go with every call, those of the call in their place", async () => {
  const { address } = await startServer((server) => {
    server.handle(Echo, (_, { requestHeader }) => ({
      text: `${requestHeader.values("x-a").join("+")} ${requestHeader.get("x-b")}`,
    }));
  });
  const client = createClient(address, { headers: { "x-a": ["1", "2"], "X-B": "b" } });
  const echo = client.method(Echo);
  expect(await echo({})).toMatchObject({ text: "1+2 b" });
  expect(await echo({}, { headers: { "x-a": "3" } })).toMatchObject({ text: "3 b" });
  expect(() => createClient(address, { headers: { "x a": "1" } })).toThrow(/no name for metadata/);
});
