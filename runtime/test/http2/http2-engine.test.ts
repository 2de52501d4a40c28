import { http2Engine } from "@kratos-ts/runtime/http2";
import { describe, expect, test } from "vitest";
import { data, RawClient, request, settings } from "./raw-client.ts";
import { EchoSink, LogObserver, LogSink, okHeaders, startAnyEngine } from "./start-engine.ts";

describe("limits of the engine", () => {
  test("that cannot be are refused, all at once", () => {
    expect(() =>
      http2Engine({ connectionWindow: 1000, resetBurst: -1, headerTimeout: Number.NaN }),
    ).toThrow(
      new TypeError(
        'the limits of the HTTP/2 engine do not fit: "connectionWindow" must be a number from 65535 ' +
          'to 2147483647, not 1000; "resetBurst" must be a number from 0 to Infinity, not -1; ' +
          '"headerTimeout" must be a number from 0 to Infinity, not NaN',
      ),
    );
  });
});

describe("servers of one engine", () => {
  test("share the room for replies that wait", async () => {
    const engine = http2Engine({ maxQueuedBytesTotal: 1000 });
    const observer = new LogObserver();
    const sinks: LogSink[] = [];
    const first = await startAnyEngine(engine, (stream) => {
      const sink = new LogSink(stream);
      sinks.push(sink);
      return sink;
    });
    const second = await startAnyEngine(engine, (stream) => new EchoSink(stream), { observer });
    const slow = await RawClient.connect(first.port);
    slow.send(settings([4, 0]), request(1));
    await slow.settle();
    sinks[0]?.stream.respond(okHeaders);
    sinks[0]?.stream.write(new Uint8Array(1000));
    const other = await RawClient.connect(second.port);
    other.send(request(1));
    await other.settle();
    expect(other.outcome()).toEqual(["reset 1 7"]);
    expect(observer.lines).toEqual(["connection", "limit memory"]);
    sinks[0]?.stream.reset(8);
    other.send(request(3));
    await other.settle();
    expect(other.outcome()).toEqual(["reset 1 7", "reply 3 0"]);
  });

  test("share the room for what paused streams hold, and let others go on", async () => {
    const engine = http2Engine({ maxHeldBytesTotal: 40_000, connectionWindow: 65_535 });
    const sinks: LogSink[] = [];
    const { port } = await startAnyEngine(engine, (stream) => {
      const sink = sinks.length === 0 ? new LogSink(stream) : new EchoSink(stream);
      sinks.push(sink);
      return sink;
    });
    const holding = await RawClient.connect(port);
    holding.send(request(1, [], true));
    await holding.settle();
    sinks[0]?.stream.pause();
    const chunk = new Uint8Array(16_000);
    holding.send(data(1, chunk), data(1, chunk), data(1, chunk));
    await holding.settle();
    const widened = (client: RawClient): number =>
      client.frames.filter(({ type, id }) => type === 8 && id === 0).length;
    expect(widened(holding)).toBe(0);
    const other = await RawClient.connect(port);
    other.send(request(1, [], true), data(1, chunk), data(1, chunk), data(1, chunk, true));
    await other.settle();
    expect(other.outcome()).toEqual(["reply 1 48000"]);
    expect(widened(other)).toBe(1);
    sinks[0]?.stream.resume();
    await holding.settle();
    expect(widened(holding)).toBe(1);
    expect(sinks[0]?.bytes).toBe(48_000);
  });
});
