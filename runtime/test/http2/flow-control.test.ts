import { describe, expect, test } from "vitest";
import { HeaderSet } from "../../src/transport/http2/engine.ts";
import { FrameFlag, FrameType } from "../../src/transport/http2/stack/frame.ts";
import type { Http2Limits } from "../../src/transport/http2/stack/limits.ts";
import { data, RawClient, request, reset, settings, windowUpdate } from "./raw-client.ts";
import { EchoSink, LogSink, okHeaders, startEngine } from "./start-engine.ts";

/** A server whose sinks the test holds. */
async function connect(
  limits: Partial<Http2Limits> = {},
): Promise<{ client: RawClient; sinks: LogSink[]; port: number }> {
  const sinks: LogSink[] = [];
  const { port } = await startEngine((stream) => {
    const sink = new LogSink(stream);
    sinks.push(sink);
    return sink;
  }, limits);
  return { client: await RawClient.connect(port), sinks, port };
}

/** Payload bytes of each DATA frame of a stream. */
function sizes(client: RawClient, id: number): number[] {
  return client.frames
    .filter((frame) => frame.type === FrameType.DATA && frame.id === id)
    .map(({ payload }) => payload.length);
}

function credited(client: RawClient, id: number): number {
  return client.frames
    .filter((frame) => frame.type === FrameType.WINDOW_UPDATE && frame.id === id)
    .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
}

describe("what the server sends", () => {
  test("keeps to the window of the stream, and goes on when it widens", async () => {
    const { client, sinks } = await connect();
    client.send(settings([4, 10]), request(1));
    await client.settle();
    const { stream } = sinks[0]!;
    stream.respond(okHeaders);
    expect(stream.write(new Uint8Array(10))).toBe(true);
    expect(stream.write(new Uint8Array(25))).toBe(false);
    await client.settle();
    expect(sizes(client, 1)).toEqual([10]);
    client.send(windowUpdate(1, 20));
    await client.settle();
    expect(sizes(client, 1)).toEqual([10, 20]);
    expect(sinks[0]?.drained).toBe(0);
    client.send(windowUpdate(1, 5));
    await client.settle();
    expect(sizes(client, 1)).toEqual([10, 20, 5]);
    expect(sinks[0]?.drained).toBe(1);
  });

  test("keeps to the window of the connection, which streams share in turn", async () => {
    const { client, sinks } = await connect();
    client.send(settings([4, 2 ** 31 - 1]), request(1), request(3));
    await client.settle();
    for (const { stream } of sinks) {
      stream.respond(okHeaders);
      stream.end([], new Uint8Array(80_000));
    }
    await client.settle();
    expect(sizes(client, 1)).toEqual([16_384, 16_384, 16_384, 16_383]);
    expect(sizes(client, 3)).toEqual([]);
    client.send(windowUpdate(0, 40_000));
    await client.settle();
    expect(sizes(client, 1).slice(4)).toEqual([14_465]);
    expect(sizes(client, 3)).toEqual([16_384, 9151]);
    client.send(windowUpdate(0, 80_000));
    await client.settle();
    expect(client.outcome()).toEqual(["reply 1 80000", "reply 3 80000"]);
  });

  test("follows a window that settings make negative", async () => {
    const { client, sinks } = await connect();
    client.send(settings([4, 100]), request(1));
    await client.settle();
    sinks[0]?.stream.respond(okHeaders);
    sinks[0]?.stream.end([], new Uint8Array(150));
    client.send(settings([4, 20]), windowUpdate(1, 80));
    await client.settle();
    expect(sizes(client, 1)).toEqual([100]);
    client.send(windowUpdate(1, 1));
    await client.settle();
    expect(sizes(client, 1)).toEqual([100, 1]);
    client.send(settings([4, 1000]));
    await client.settle();
    expect(client.outcome()).toEqual(["reply 1 150"]);
  });

  test("ends with its last DATA frame when there are no trailers", async () => {
    const { client, sinks } = await connect();
    client.send(request(1));
    await client.settle();
    sinks[0]?.stream.respond(okHeaders);
    sinks[0]?.stream.end([], new Uint8Array(20_000));
    await client.settle();
    expect(sizes(client, 1)).toEqual([16_384, 3616]);
    expect(client.frames.findLast(({ type }) => type === FrameType.DATA)?.flags).toBe(1);
  });

  test("has its trailers behind what waited", async () => {
    const { client, sinks } = await connect();
    client.send(settings([4, 3]), request(1));
    await client.settle();
    const { stream } = sinks[0]!;
    stream.respond(okHeaders);
    stream.write(Buffer.from("abcd"));
    stream.write(Buffer.from("ef"));
    stream.end([["grade", "a"]], Buffer.from("g"));
    client.send(windowUpdate(1, 100));
    await client.settle();
    const body = client.frames.filter(({ type }) => type === FrameType.DATA);
    expect(Buffer.concat(body.map(({ payload }) => payload)).toString()).toBe("abcdefg");
    const last = client.frames.findLast(({ id }) => id === 1);
    expect(last).toMatchObject({ type: FrameType.HEADERS, flags: 5 });
  });

  test("stops while the client reads nothing, and arrives once it does", async () => {
    const { client, sinks } = await connect();
    client.send(settings([4, 2 ** 31 - 1]), windowUpdate(0, 2 ** 30), request(1));
    await client.settle();
    const size = 24 * 1024 * 1024;
    client.socket.pause();
    sinks[0]?.stream.respond(okHeaders);
    expect(sinks[0]?.stream.write(new Uint8Array(size))).toBe(false);
    sinks[0]?.stream.end([], new Uint8Array(5));
    client.socket.resume();
    await client.find(({ flags, type }) => type === FrameType.DATA && flags === 1);
    expect(client.outcome()).toEqual([`reply 1 ${size + 5}`]);
  });
});

describe("replies that wait", () => {
  const limits = { maxQueuedBytes: 1000 };

  test("keep new streams out while there are too many", async () => {
    const { client, sinks } = await connect(limits);
    client.send(settings([4, 0]), request(1));
    await client.settle();
    sinks[0]?.stream.respond(okHeaders);
    sinks[0]?.stream.end([], new Uint8Array(5000));
    client.send(request(3));
    await client.settle();
    expect(client.outcome()).toEqual(["reset 3 7"]);
    client.send(windowUpdate(1, 5000), request(5));
    await client.settle();
    expect(client.outcome()).toEqual(["reset 3 7", "reply 1 5000"]);
    expect(sinks).toHaveLength(2);
  });

  test("end the streams that add to too many", async () => {
    const { client, sinks } = await connect(limits);
    client.send(settings([4, 0]), request(1), request(3));
    await client.settle();
    for (const { stream } of sinks) {
      stream.respond(okHeaders);
      stream.write(new Uint8Array(1000));
    }
    await client.settle();
    expect(client.outcome()).toEqual(["reset 3 11"]);
    expect(sinks[1]?.reset).toBe(11);
  });

  test("count for all connections of the server together", async () => {
    const { client, sinks, port } = await connect({ maxQueuedBytesTotal: 1000 });
    client.send(settings([4, 0]), request(1));
    await client.settle();
    sinks[0]?.stream.write(new Uint8Array(1000));
    const other = await RawClient.connect(port);
    other.send(request(1));
    await other.settle();
    expect(other.outcome()).toEqual(["reset 1 7"]);
    client.send(reset(1, 8));
    await client.settle();
    other.send(request(3));
    await other.settle();
    expect(sinks).toHaveLength(2);
  });

  test("of a client that takes none are given up for others", async () => {
    const { client, sinks } = await connect({
      maxQueuedBytesTotal: 1000,
      stallTimeout: 40,
      goodbyeTimeout: 40,
    });
    client.send(settings([4, 0]), request(1));
    await client.settle();
    sinks[0]?.stream.write(new Uint8Array(1000));
    await client.closed;
    expect(client.outcome()).toEqual(["goaway 11"]);
    expect(sinks[0]?.reset).toBe(8);
  });
});

describe("what the client sends", () => {
  const limits = { streamWindow: 1000, connectionWindow: 70_000 };

  test("is credited as it is taken", async () => {
    const { client } = await connect(limits);
    client.send(request(1, [], true));
    for (let i = 0; i < 100; i++) {
      client.send(data(1, new Uint8Array(900)));
      await client.settle();
    }
    expect(credited(client, 1)).toBeGreaterThan(89_000);
    expect(credited(client, 0)).toBe(70_000 - 65_535 + 35_100 * 2);
    expect(client.outcome()).toEqual([]);
  });

  test("beyond the window of a stream resets it", async () => {
    const { client, sinks } = await connect(limits);
    client.send(request(1, [], true), data(1, new Uint8Array(1001)), request(3));
    await client.settle();
    expect(client.outcome()).toEqual(["reset 1 3"]);
    expect(sinks.map(({ reset: code }) => code)).toEqual([3, undefined]);
  });

  test("beyond the window of the connection ends it", async () => {
    const { client, sinks } = await connect({
      streamWindow: 2 ** 20,
      maxHeldBytes: 1,
      connectionWindow: 70_000,
    });
    client.send(request(1, [], true));
    await client.settle();
    sinks[0]?.stream.pause();
    client.send(...Array.from({ length: 5 }, () => data(1, new Uint8Array(16_384))));
    await client.closed;
    expect(client.outcome()).toEqual(["goaway 3"]);
  });

  test("is credited to the connection for streams that are over, too", async () => {
    const { client } = await connect(limits);
    for (let id = 1; id < 200; id += 2) {
      client.send(request(id, [["content-length", "1"]], true), data(id, new Uint8Array(990)));
      await client.settle();
    }
    expect(client.outcome()).toHaveLength(100);
    expect(credited(client, 0)).toBeGreaterThan(60_000);
  });

  test("waits while a stream is paused, and comes in order when it goes on", async () => {
    const texts: string[] = [];
    const sinks: LogSink[] = [];
    class TextSink extends EchoSink {
      override onData(bytes: Uint8Array, start: number, end: number): void {
        super.onData(bytes, start, end);
        texts.push(Buffer.from(bytes.subarray(start, end)).toString());
      }
    }
    const { port } = await startEngine((stream) => {
      const sink = new TextSink(stream);
      sinks.push(sink);
      return sink;
    }, limits);
    const client = await RawClient.connect(port);
    client.send(request(1, [], true), data(1, "a"));
    await client.settle();
    sinks[0]?.stream.pause();
    client.send(data(1, "b"), data(1, "c", true), request(3));
    await client.settle();
    expect(texts).toEqual(["a"]);
    expect(client.outcome()).toEqual(["reply 3 0"]);
    sinks[0]?.stream.resume();
    await client.find(({ id, flags }) => id === 1 && (flags & FrameFlag.END_STREAM) !== 0);
    expect(texts).toEqual(["a", "b", "c"]);
    expect(client.outcome()).toEqual(["reply 3 0", "reply 1 3"]);
  });

  test("holds up no other stream while one is paused", async () => {
    const { client, sinks } = await connect({ streamWindow: 60_000, connectionWindow: 70_000 });
    client.send(request(1, [], true));
    await client.settle();
    sinks[0]?.stream.pause();
    client.send(...Array.from({ length: 5 }, () => data(1, new Uint8Array(12_000))));
    client.send(request(3, [], true));
    for (let i = 0; i < 20; i++) {
      client.send(data(3, new Uint8Array(16_000)));
      await client.settle();
    }
    expect(client.outcome()).toEqual([]);
    expect(sinks.map(({ bytes }) => bytes)).toEqual([0, 320_000]);
  });

  test("gets no credit while paused streams hold too much, and all of it afterwards", async () => {
    const { client, sinks } = await connect({
      streamWindow: 200_000,
      connectionWindow: 70_000,
      maxHeldBytes: 30_000,
    });
    client.send(request(1, [], true));
    await client.settle();
    sinks[0]?.stream.pause();
    client.send(...Array.from({ length: 4 }, () => data(1, new Uint8Array(16_000))));
    await client.settle();
    expect(credited(client, 0)).toBe(70_000 - 65_535);
    sinks[0]?.stream.resume();
    await client.settle();
    expect(credited(client, 0)).toBe(70_000 - 65_535 + 64_000);
    expect(sinks[0]?.bytes).toBe(64_000);
  });
});

test("requests are left unread while their client takes no replies", async () => {
  const large = new HeaderSet([
    [":status", "200"],
    ["x-large", "x".repeat(16_000)],
  ]);
  let count = 0;
  const { port } = await startEngine((stream) => {
    count++;
    stream.respond(large, true);
    return new LogSink(stream);
  });
  const client = await RawClient.connect(port);
  await client.settle();
  client.socket.pause();
  const all = 4000;
  client.send(...Array.from({ length: all }, (_, i) => request(i * 2 + 1)));
  // Each turn of the event loop reads more, if anything is read at all.
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(all);
  client.socket.resume();
  await client.settle();
  expect(count).toBe(all);
  expect(client.outcome()).toHaveLength(all);
});

describe("a stream that is over", () => {
  test("takes no calls, and tells nothing more", async () => {
    const { client, sinks } = await connect();
    client.send(request(1, [], true), request(3, [], true), request(5));
    await client.settle();
    const [early, gone, whole] = sinks as [LogSink, LogSink, LogSink];
    early.stream.respond(okHeaders, true);
    client.send(reset(3, 5));
    whole.stream.respond(okHeaders);
    whole.stream.end([]);
    await client.settle();
    for (const { stream } of sinks) {
      stream.respond(okHeaders);
      expect(stream.write(new Uint8Array(9))).toBe(true);
      stream.end([], new Uint8Array(9));
      stream.reset(8);
      stream.pause();
      stream.resume();
    }
    client.send(data(1, "late", true));
    await client.settle();
    expect(client.outcome()).toEqual(["reply 1 0", "reset 1 0", "reply 5 0"]);
    expect([early.reset, gone.reset, whole.reset]).toEqual([undefined, 5, undefined]);
    expect([early.ended, gone.ended, whole.ended]).toEqual([false, false, true]);
    expect(early.bytes).toBe(0);
  });

  test.for([0, 100])(
    "is not, for trailers that cannot be sent, with a window of %d",
    async (size) => {
      const { client, sinks } = await connect();
      client.send(settings([4, size]), request(1));
      await client.settle();
      const { stream } = sinks[0]!;
      stream.respond(okHeaders);
      expect(() => stream.end([["Bad", "x"]], new Uint8Array(10))).toThrow(TypeError);
      stream.end([["good", "x"]], new Uint8Array(3));
      client.send(windowUpdate(1, 10));
      await client.settle();
      expect(client.outcome()).toEqual(["reply 1 3"]);
    },
  );

  test("by a reset of the server's is not told of it", async () => {
    const { client, sinks } = await connect();
    client.send(request(1, [], true));
    await client.settle();
    sinks[0]?.stream.reset(8);
    client.send(data(1, "x", true));
    await client.settle();
    expect(client.outcome()).toEqual(["reset 1 8"]);
    expect(sinks[0]).toMatchObject({ reset: undefined, ended: false, bytes: 0 });
  });

  test("dies with its connection", async () => {
    const { client, sinks } = await connect();
    client.send(request(1, [], true), request(3));
    await client.settle();
    client.socket.destroy();
    await expect.poll(() => sinks.map(({ reset: code }) => code)).toEqual([8, 8]);
    expect(sinks[0]?.cause).toBeUndefined();
  });
});
