import { expect, test } from "vitest";
import { FrameType } from "../../src/transport/http2/stack/frame.ts";
import { RawClient, data, request } from "./raw-client.ts";
import { EchoSink, LogSink, startEngine } from "./start-engine.ts";

const patient = (): AbortSignal => new AbortController().signal;

/** The last stream id and the code of each goodbye. */
function goodbyes(client: RawClient): (readonly [lastId: number, code: number])[] {
  return client.frames
    .filter(({ type }) => type === FrameType.GOAWAY)
    .map(({ payload }) => [payload.readUInt32BE(0), payload.readUInt32BE(4)]);
}

test("serves what comes before the client knows, and what runs, and then closes", async () => {
  const { engine, port } = await startEngine((stream) => new EchoSink(stream));
  const client = await RawClient.connect(port);
  client.polite = false;
  client.send(request(1, [], true));
  await client.settle();
  const stopped = engine.shutdown(patient());
  await client.find(({ type }) => type === FrameType.GOAWAY);
  const pinged = await client.find(({ type, flags }) => type === FrameType.PING && flags === 0);
  client.send(request(3, [], true));
  expect(goodbyes(client)).toEqual([[2 ** 31 - 1, 0]]);
  const pong = Buffer.concat([Buffer.from([0, 0, 8, 6, 1, 0, 0, 0, 0]), pinged!.payload]);
  client.send(pong, request(5));
  await client.settle();
  expect(goodbyes(client)).toEqual([
    [2 ** 31 - 1, 0],
    [3, 0],
  ]);
  expect(client.outcome()).toEqual(["goaway 0", "goaway 0", "reset 5 7"]);
  client.send(data(1, "a", true), data(3, "b", true));
  await Promise.all([client.closed, stopped]);
  expect(client.outcome().slice(3)).toEqual(["reply 1 1", "reply 3 1"]);
});

test("does not wait for ever for a client that answers no ping, nor closes its end", async () => {
  const { engine, port } = await startEngine((stream) => new EchoSink(stream), {
    goodbyeTimeout: 40,
  });
  const client = await RawClient.connect(port);
  await client.settle();
  client.polite = false;
  client.socket.allowHalfOpen = true;
  await engine.shutdown(patient());
  expect(goodbyes(client)).toEqual([
    [2 ** 31 - 1, 0],
    [0, 0],
  ]);
});

test("ends connections that are idle, or have not begun", async () => {
  const { engine, port } = await startEngine((stream) => new EchoSink(stream));
  const idle = await RawClient.connect(port);
  await idle.settle();
  const silent = await RawClient.connect(port, true);
  await silent.find(() => true);
  await engine.shutdown(patient());
  await Promise.all([idle.closed, silent.closed]);
  expect(goodbyes(silent)).toEqual([[0, 0]]);
});

test("cuts off what is left when its signal aborts, and says why", async () => {
  const sinks: LogSink[] = [];
  const { engine, port } = await startEngine((stream) => {
    const sink = new LogSink(stream);
    sinks.push(sink);
    return sink;
  });
  const client = await RawClient.connect(port);
  client.send(request(1, [], true));
  await client.settle();
  const controller = new AbortController();
  const stopped = engine.shutdown(controller.signal);
  await client.find(({ type }) => type === FrameType.GOAWAY);
  controller.abort();
  await Promise.all([stopped, client.closed]);
  expect(sinks[0]).toMatchObject({ reset: 8, cause: { name: "ShutdownError" } });
});
