import { describe, expect, test } from "vitest";
import { FrameFlag, FrameType } from "../../src/transport/http2/stack/frame.ts";
import type { ServerEngineOptions } from "../../src/transport/http2/server-engine.ts";
import type { Http2Limits } from "../../src/transport/http2/stack/limits.ts";
import { engineOptions } from "./engine-options.ts";
import {
  block,
  data,
  frame,
  ping,
  RawClient,
  request,
  requestFields,
  reset,
  settings,
  windowUpdate,
} from "./raw-client.ts";
import { EchoSink, LogObserver, LogSink, okHeaders, startEngine } from "./start-engine.ts";

const { END_HEADERS, END_STREAM } = FrameFlag;

async function connect(
  limits: Partial<Http2Limits> = {},
  options: Partial<ServerEngineOptions> = {},
): Promise<RawClient> {
  const { port } = await startEngine((stream) => new EchoSink(stream), limits, options);
  return RawClient.connect(port);
}

function repeat(count: number, make: (index: number) => Uint8Array): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

describe("frames that cost more than they carry", () => {
  const limits = { controlBurst: 20, controlsPerSecond: 0.001 };
  const open = request(1, [], true);
  test.for([
    ["PING", [open], ping],
    ["SETTINGS", [open], settings()],
    ["answers to SETTINGS", [open], frame(FrameType.SETTINGS, FrameFlag.ACK, 0)],
    ["PRIORITY", [open], frame(FrameType.PRIORITY, 0, 1, Buffer.alloc(5))],
    ["WINDOW_UPDATE", [open], windowUpdate(1, 1)],
    ["empty DATA", [open], data(1, "")],
    ["RST_STREAM after the end", [request(1)], reset(1, 8)],
    ["empty DATA after a reset of ours", [request(1, [["Bad", "x"]], true)], data(1, "")],
    ["trailers after a reset of ours", [request(1, [["Bad", "x"]], true)], request(1)],
    ["GOAWAY", [open], frame(FrameType.GOAWAY, 0, 0, Buffer.alloc(8))],
    ["unknown frames", [open], frame(0x42, 0, 0)],
    [
      "empty CONTINUATION",
      [frame(FrameType.HEADERS, END_STREAM, 1, block(...requestFields))],
      frame(FrameType.CONTINUATION, 0, 1),
    ],
  ] as const)("too many of %s end the connection", async ([, first, one]) => {
    const client = await connect({ ...limits, maxContinuations: 1000 });
    client.send(...first, ...repeat(30, () => one));
    await client.closed;
    expect(client.outcome().at(-1)).toBe("goaway 11");
  });

  test("are allowed for as long as the client gets something", async () => {
    const client = await connect(limits);
    for (let id = 1; id < 200; id += 2) {
      client.send(request(id), windowUpdate(0, 1), windowUpdate(0, 1));
      expect(await client.settle()).toBe(true);
    }
  });

  test("are forgotten as time goes by", async () => {
    const client = await connect({ controlBurst: 10, controlsPerSecond: 1e6 });
    client.send(...repeat(500, () => settings()));
    expect(await client.settle()).toBe(true);
  });
});

describe("resets", () => {
  const limits = { resetBurst: 20, resetsPerSecond: 0.001 };
  test("by the client are counted", async () => {
    const client = await connect(limits);
    client.send(...repeat(40, (i) => (i % 2 === 0 ? request(i + 1, [], true) : reset(i, 8))));
    expect(await client.settle()).toBe(true);
    client.send(
      ...repeat(4, (i) => (i % 2 === 0 ? request(i + 101, [], true) : reset(i + 100, 8))),
    );
    await client.closed;
    expect(client.outcome()).toEqual(["goaway 11"]);
  });

  test("that the client provokes are counted", async () => {
    const client = await connect(limits);
    client.send(
      ...repeat(60, (i) => (i % 2 === 0 ? request(i + 1, [], true) : windowUpdate(i, 0))),
    );
    await client.closed;
    expect(client.outcome().at(-1)).toBe("goaway 11");
  });

  test("of malformed requests are counted", async () => {
    const client = await connect(limits);
    client.send(...repeat(30, (i) => request(i * 2 + 1, [["Bad", "x"]])));
    await client.closed;
    expect(client.outcome().at(-1)).toBe("goaway 11");
  });
});

describe("streams", () => {
  test("above the limit are refused, and served once others have ended", async () => {
    const observer = new LogObserver();
    const client = await connect({}, { maxConcurrentStreams: 2, observer });
    client.send(request(1, [], true), request(3, [], true), request(5), request(7, [], true));
    client.send(data(7, "of a stream that was refused", true), data(1, "", true), request(9));
    expect(await client.settle()).toBe(true);
    expect(client.outcome()).toEqual(["reset 5 7", "reset 7 7", "reply 1 0", "reply 9 0"]);
    expect(observer.lines).toEqual(["connection", "limit streams", "limit streams"]);
  });

  test("that were reset count for as long as their handlers run", async () => {
    const sinks: LogSink[] = [];
    const { port } = await startEngine(
      (stream) => {
        const sink = new LogSink(stream);
        sink.busy = true;
        sinks.push(sink);
        return sink;
      },
      {},
      { maxConcurrentStreams: 3 },
    );
    const client = await RawClient.connect(port);
    for (const id of [1, 3, 5, 7]) client.send(request(id), reset(id, 8));
    await client.settle();
    expect(sinks).toHaveLength(3);
    expect(client.outcome()).toEqual(["reset 7 7"]);
    for (const sink of sinks) sink.busy = false;
    client.send(request(9));
    await client.settle();
    expect(sinks).toHaveLength(4);
  });

  test("that are answered count for as long as their handlers run", async () => {
    const { port } = await startEngine(
      (stream) => {
        const sink = new LogSink(stream);
        sink.busy = true;
        stream.respond(okHeaders, true);
        return sink;
      },
      {},
      { maxConcurrentStreams: 1 },
    );
    const client = await RawClient.connect(port);
    client.send(request(1), request(3));
    await client.settle();
    expect(client.outcome()).toEqual(["reply 1 0", "reset 3 7"]);
  });
});

describe("header blocks", () => {
  test("that are too large open a stream that knows it", async () => {
    const sinks: LogSink[] = [];
    const { port } = await startEngine(
      (stream) => {
        const sink = new EchoSink(stream);
        sinks.push(sink);
        return sink;
      },
      {},
      { maxMetadataBytes: 1000 },
    );
    const client = await RawClient.connect(port);
    client.send(request(1, [["a", "x".repeat(900)]]), request(3));
    await client.settle();
    expect(client.outcome()).toEqual(["reply 1 0", "reply 3 0"]);
    expect(sinks.map(({ stream }) => stream.headers.tooLarge)).toEqual([true, false]);
  });

  test("that are much too large end the connection", async () => {
    const client = await connect({ maxHeaderBlockBytes: 1000 });
    client.send(frame(FrameType.HEADERS, END_STREAM, 1, block(...requestFields)));
    const more = block(["a", "x".repeat(600)]);
    client.send(...repeat(2, () => frame(FrameType.CONTINUATION, 0, 1, more)));
    await client.closed;
    expect(client.outcome()).toEqual(["goaway 11"]);
  });

  test("in too many frames end the connection", async () => {
    const client = await connect({ maxContinuations: 3 });
    const parts = requestFields.map((field, i) =>
      frame(i === 0 ? FrameType.HEADERS : FrameType.CONTINUATION, 0, 1, block(field)),
    );
    client.send(...parts, frame(FrameType.CONTINUATION, END_HEADERS, 1, block(["a", "b"])));
    await client.closed;
    expect(client.outcome()).toEqual(["goaway 11"]);
  });
});

describe("time is limited", () => {
  const short = { goodbyeTimeout: 40 };

  test("for the preface", async () => {
    const { port } = await startEngine((stream) => new EchoSink(stream), {
      ...short,
      handshakeTimeout: 40,
    });
    const client = await RawClient.connect(port, true);
    await client.closed;
    expect(client.outcome()).toEqual(["goaway 1"]);
  });

  test("for the answer to settings", async () => {
    const { port } = await startEngine((stream) => new EchoSink(stream), {
      ...short,
      handshakeTimeout: 40,
    });
    const client = await RawClient.connect(port);
    client.polite = false;
    await client.closed;
    expect(client.outcome()).toEqual(["goaway 4"]);
  });

  test("for a header block", async () => {
    const client = await connect({ ...short, headerTimeout: 40 });
    await client.settle();
    client.send(frame(FrameType.HEADERS, END_STREAM, 1, block(...requestFields)));
    await client.closed;
    expect(client.outcome()).toEqual(["goaway 11"]);
  });

  test("for doing nothing, where that is wanted", async () => {
    const client = await connect(short, { maxConnectionIdle: 40 });
    client.send(request(1));
    await client.closed;
    expect(client.outcome()).toEqual(["reply 1 0", "goaway 0", "goaway 0"]);
  });

  test("for taking what was sent", async () => {
    const sinks: LogSink[] = [];
    const { port } = await startEngine(
      (stream) => {
        const sink = new LogSink(stream);
        sinks.push(sink);
        stream.respond(okHeaders);
        stream.write(new Uint8Array(32 * 1024 * 1024));
        return sink;
      },
      { ...short, stallTimeout: 100 },
    );
    const client = await RawClient.connect(port);
    client.send(settings([4, 2 ** 31 - 1]), windowUpdate(0, 2 ** 30));
    await client.settle();
    client.socket.pause();
    client.send(request(1));
    await expect.poll(() => sinks[0]?.reset).toBe(8);
  });

  test("for the answer to a ping into silence", async () => {
    const keepalive = { ...engineOptions.keepalive, time: 40, timeout: 40 };
    const client = await connect(short, { keepalive });
    await client.settle();
    await client.find(({ type, flags }) => type === FrameType.PING && flags === 0);
    expect(client.isClosed).toBe(false);
    client.polite = false;
    await client.closed;
    expect(client.outcome()).toEqual([]);
  });

  test("for closing a connection that has ended", async () => {
    const { engine, port } = await startEngine((stream) => new EchoSink(stream), short);
    const client = await RawClient.connect(port);
    client.socket.allowHalfOpen = true;
    client.send(data(1, "x"));
    await client.find(({ type }) => type === FrameType.GOAWAY);
    await engine.shutdown(new AbortController().signal);
    expect(client.outcome()).toEqual(["goaway 1"]);
    expect(client.isClosed).toBe(false);
  });
});
