import type { GrpcServerOptions } from "@kratos-ts/runtime/grpc";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { FrameFlag, FrameType } from "../../src/transport/http2/stack/frame.ts";
import { data, frame, ping, RawClient, reset } from "../http2/raw-client.ts";
import { createDeferred } from "./deferred.ts";
import { Chat, Echo } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { requestFrame } from "./raw-call.ts";
import { isEndOf, isGoaway, openCall, wholeCall } from "./raw-grpc.ts";

interface Served {
  readonly client: RawClient;
  readonly address: string;
  /** Resolves when a handler of `Echo` runs. */
  readonly running: Promise<void>;
  /** Lets the handlers of `Echo` reply. */
  readonly release: () => void;
}

/** A server whose `Echo` waits, and a raw connection to it. */
async function serve(options: GrpcServerOptions): Promise<Served> {
  const [running, released] = [createDeferred(), createDeferred()];
  const { address } = await startServer((router) => {
    router.handle(Echo, async ({ text }) => {
      running.resolve();
      await released.promise;
      return { text };
    });
    router.handle(Chat, async function* (requests) {
      for await (const { text } of requests) yield { text };
    });
  }, options);
  const client = await RawClient.connect(Number(address.split(":")[1]));
  return { client, address, running: running.promise, release: released.resolve };
}

describe("a connection", () => {
  test("that is idle for too long is told to end, and ends", async () => {
    const { client } = await serve({ maxConnectionIdle: 50 });
    await client.closed;
    expect(client.outcome()).toContain("goaway 0");
  });

  test("is not idle while a call runs", async () => {
    const { client, running, release } = await serve({ maxConnectionIdle: 50, timeout: 0 });
    client.send(wholeCall(1, "Echo"));
    await running;
    const { client: other } = await serve({ maxConnectionIdle: 50 });
    await other.closed; // the time has passed
    expect(client.frames.some(isGoaway())).toBe(false);
    release();
    await client.closed;
    expect(client.outcome()).toContain("goaway 0");
  });

  test("that reaches its age lets its calls finish", async () => {
    const { client, running, release } = await serve({ maxConnectionAge: 50, timeout: 0 });
    client.send(wholeCall(1, "Echo"));
    await running;
    await client.find((frame) => isGoaway()(frame) && frame.payload.readUInt32BE(0) === 1);
    expect(client.isClosed).toBe(false);
    release();
    await client.closed;
    expect(client.frames.some(isEndOf(1))).toBe(true);
    expect(client.outcome()).toEqual(expect.arrayContaining(["reply 1 12"]));
  });

  test("cuts calls off that outlive its age by more than the grace", async () => {
    const { address, running } = await serve({
      maxConnectionAge: 50,
      maxConnectionAgeGrace: 50,
      timeout: 0,
    });
    const echo = createClient(address, { timeout: 0 }).method(Echo);
    const failed = echo({ text: "long" }).catch((error: unknown) => error);
    await running;
    expect(await failed).toMatchObject({
      code: 503,
      reason: "SERVER_STOPPED",
      message: "the connection is older than the server lets it become",
    });
  });

  test("whose client no longer answers is closed, with its calls", async () => {
    const { client } = await serve({ keepalive: { time: 50, timeout: 50 } });
    client.polite = false;
    await client.closed;
    expect(client.frames.filter(({ type }) => type === FrameType.PING)).toHaveLength(1);
  });

  test("whose client answers pings stays", async () => {
    const { client } = await serve({ keepalive: { time: 20, timeout: 50 } });
    for (let pings = 1; pings < 5; pings++) {
      await client.find(
        () => client.frames.filter(({ type }) => type === FrameType.PING).length > pings,
      );
    }
    expect(client.isClosed).toBe(false);
  });

  test("counts calls that were reset for as long as their handlers run", async () => {
    const { client, running, release } = await serve({ maxConcurrentStreams: 2, timeout: 0 });
    client.send(wholeCall(1, "Echo"), reset(1, 8), wholeCall(3, "Echo"), reset(3, 8));
    await running;
    client.send(wholeCall(5, "Echo"));
    await client.find(isEndOf(5));
    expect(client.outcome()).toContain("reset 5 7");
    release();
    await new Promise((resolve) => setImmediate(resolve));
    client.send(wholeCall(7, "Echo"));
    await client.find(isEndOf(7));
    expect(client.outcome()).toContain("reply 7 12");
  });
});

test("a connection on which HTTP/2 has given up is closed in time", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const { client } = await serve({});
  const undecodable = Buffer.of(0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
  client.send(openCall(1, "Chat"), frame(FrameType.HEADERS, FrameFlag.END_HEADERS, 3, undecodable));
  await client.find(isGoaway(9));
  client.socket.end();
  for (let i = 0; i < 100 && !client.isClosed; i++) {
    await vi.advanceTimersByTimeAsync(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(client.isClosed).toBe(true);
});

test("a quiet connection is tried once, and stays", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const { client } = await serve({});
  await client.find(({ type }) => type === FrameType.SETTINGS);
  for (let i = 0; i < 100; i++) {
    await vi.advanceTimersByTimeAsync(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(client.isClosed).toBe(false);
  expect(client.frames.filter(({ type }) => type === FrameType.PING).length).toBeLessThan(2);
});

describe("pings of clients", () => {
  test("that come too often end the connection with too_many_pings", async () => {
    const { client } = await serve({});
    client.send(openCall(1, "Chat"), ping, ping, ping, ping);
    const goaway = await client.find(isGoaway(11));
    expect(goaway?.payload.subarray(8).toString()).toBe("too_many_pings");
    await client.closed;
  });

  test("may come as often as the server allows", async () => {
    const keepalive = { minTime: 0, permitWithoutStream: true };
    const { client } = await serve({ keepalive });
    for (let i = 0; i < 10; i++) expect(await client.settle()).toBe(true);
  });

  test("without a call count as too often, unless they are allowed", async () => {
    const { client } = await serve({ keepalive: { minTime: 0 } });
    client.send(ping, ping, ping, ping);
    await client.closed;
    expect(client.outcome()).toContain("goaway 11");
  });

  test("are forgiven when there was something to send in between", async () => {
    const { client } = await serve({});
    client.send(openCall(1, "Chat"));
    for (let i = 1; i <= 10; i++) {
      const before = client.frames.filter(({ type }) => type === FrameType.DATA).length;
      client.send(data(1, requestFrame({ text: "x" })));
      await client.find(
        () => client.frames.filter(({ type }) => type === FrameType.DATA).length > before,
      );
      expect(await client.settle()).toBe(true);
    }
  });
});
