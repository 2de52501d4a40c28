import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import { createServer as createHttp2Server } from "node:http2";
import { describe, expect, onTestFinished, test } from "vitest";
import { createDeferred } from "./deferred.ts";
import { Collect, Echo, Repeat } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { listen, replyFrame, respond } from "./raw-server.ts";

/** A server on `node:http2`, and its connections. */
async function startHttp2(
  answer: (stream: ServerHttp2Stream) => void,
  maxConcurrentStreams?: number,
): Promise<{ address: string; sessions: ServerHttp2Session[] }> {
  const sessions: ServerHttp2Session[] = [];
  const server = createHttp2Server({
    settings: maxConcurrentStreams === undefined ? {} : { maxConcurrentStreams },
  });
  server.on("session", (session) => sessions.push(session));
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    stream.resume();
    answer(stream);
  });
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { address: await listen(server), sessions };
}

function succeed(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return;
  respond(stream, [replyFrame({ text: "ok" })], { "grpc-status": "0" });
}

describe("a server that takes ten calls at a time", () => {
  test("gets ten thousand, none of which fails", async () => {
    let [running, most] = [0, 0];
    const { address } = await startServer(
      (server) => {
        server.handle(Echo, async ({ count }) => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setImmediate(resolve));
          running--;
          return { count };
        });
      },
      { maxConcurrentStreams: 10, timeout: 0 },
    );
    const echo = createClient(address, { timeout: 60_000, connections: 3 }).method(Echo);
    const calls = Array.from({ length: 10_000 }, (_, count) => echo({ count }));
    const replies = await Promise.all(calls);
    expect(replies.every(({ count }, i) => count === i)).toBe(true);
    expect(most).toBeGreaterThan(10);
    expect(most).toBeLessThanOrEqual(30);
  });

  test("is connected to again when there are more, and calls that wait may be canceled", async () => {
    const release = createDeferred();
    const { address, sessions } = await startHttp2(async (stream) => {
      await release.promise;
      succeed(stream);
    }, 10);
    const echo = createClient(address, { connections: 2 }).method(Echo);
    const calls = Array.from({ length: 20 }, () => echo({}));
    await expect.poll(() => sessions.length).toBe(2);
    const controller = new AbortController();
    const waiting = echo({}, { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 499 });
    const late = echo({});
    release.resolve();
    expect(await Promise.all([...calls, late])).toHaveLength(21);
    expect(sessions).toHaveLength(2);
  });

  test("has its second connection closed when that is not needed any more", async () => {
    const release = createDeferred();
    const { address, sessions } = await startHttp2(async (stream) => {
      await release.promise;
      succeed(stream);
    }, 10);
    const echo = createClient(address, { connections: 2, idleTimeout: 20 }).method(Echo);
    const calls = Array.from({ length: 20 }, () => echo({}));
    await expect.poll(() => sessions.length).toBe(2);
    release.resolve();
    await Promise.all(calls);
    await expect.poll(() => sessions.filter(({ destroyed }) => !destroyed).length).toBe(0);
    expect(await echo({})).toMatchObject({ text: "ok" });
  });
});

describe("a goodbye", () => {
  test("in the middle leaves calls that the server has looked at, and repeats the others", async () => {
    const { promise, resolve } = createDeferred();
    const seen: string[] = [];
    const { address, sessions } = await startHttp2(async (stream) => {
      const first = stream.session === sessions[0];
      seen.push(first ? "first" : "second");
      if (first && seen.length === 3) stream.session?.goaway(0, 3);
      if (first) await promise;
      succeed(stream);
    });
    const echo = createClient(address, { retry: false }).method(Echo);
    const calls = Promise.all([echo({}), echo({}), echo({})]);
    await expect.poll(() => sessions.length).toBe(2);
    resolve();
    expect(await calls).toHaveLength(3);
  });

  test.for([0, 11])("with code %s repeats the calls that came later", async (code) => {
    const bodies: ServerHttp2Stream[] = [];
    const { address, sessions } = await startHttp2((stream) => {
      if (stream.session !== sessions[0]) {
        succeed(stream);
        return;
      }
      bodies.push(stream);
      // Says that it has looked at nothing but the first.
      if (bodies.length === 2) {
        succeed(bodies[0]!);
        bodies[0]!.on("close", () => stream.session?.goaway(code, bodies[0]!.id!));
      }
    });
    const echo = createClient(address, { retry: false }).method(Echo);
    expect(await Promise.all([echo({}), echo({})])).toHaveLength(2);
    expect(sessions).toHaveLength(2);
  });

  test("lets streams that run come to their end", async () => {
    const goOn = createDeferred();
    const { address, sessions } = await startHttp2((stream) => {
      stream.respond(
        { ":status": 200, "content-type": "application/grpc" },
        { waitForTrailers: true },
      );
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.write(replyFrame({ count: 1 }));
      void goOn.promise.then(() => {
        stream.session?.close();
        stream.end(replyFrame({ count: 2 }));
      });
    });
    const counts: number[] = [];
    for await (const { count } of createClient(address).method(Repeat)({})) {
      counts.push(count);
      goOn.resolve();
    }
    expect(counts).toEqual([1, 2]);
    expect(sessions).toHaveLength(1);
  });
});

test("a canceled call does not look like one whose requests are all there", async () => {
  const events: string[] = [];
  const begun = createDeferred();
  const over = createDeferred();
  const { address } = await startHttp2((stream) => {
    stream.on("data", () => begun.resolve());
    stream.on("end", () => events.push(stream.aborted ? "aborted" : "ended"));
    stream.on("close", () => over.resolve());
  });
  async function* requests(): AsyncIterable<{ text: string }> {
    yield { text: "a" };
    await new Promise(() => undefined);
  }
  const controller = new AbortController();
  const call = createClient(address).method(Collect)(requests(), { signal: controller.signal });
  await begun.promise;
  controller.abort();
  await expect(call).rejects.toMatchObject({ code: 499 });
  await over.promise;
  expect(events).not.toContain("ended");
});

test("a stream that is read slowly holds no more than some kilobytes", async () => {
  let sent = 0;
  const { address } = await startServer(
    (server) => {
      server.handle(Repeat, async function* () {
        for (; sent < 20_000; sent++) yield { payload: new Uint8Array(10_000) };
      });
    },
    { timeout: 0 },
  );
  const replies = createClient(address).method(Repeat)({})[Symbol.asyncIterator]();
  await replies.next();
  let before = -1;
  await expect
    .poll(
      () => {
        const still = sent === before;
        before = sent;
        return still;
      },
      { interval: 200, timeout: 10_000 },
    )
    .toBe(true);
  // Windows, and what both sides keep in their queues: two megabytes of two hundred.
  expect(sent).toBeLessThan(200);
  await replies.return?.();
});
