import { connect } from "node:http2";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, onTestFinished, test } from "vitest";
import { createDeferred } from "./deferred.ts";
import { Chat, Collect, Echo, Repeat } from "./echo-schema.ts";
import { connectKratos, startServer } from "./kratos-peer.ts";
import { requestFrame } from "./raw-call.ts";

/** What a server may have on its way for a reader that takes nothing: windows and buffers of both sides. */
const onTheWay = 4 * 1024 * 1024;

const payload = new Uint8Array(16 * 1024).fill(1);

test("a client that reads nothing stops the generator of its replies", async () => {
  let made = 0;
  const ended = createDeferred();
  const { address } = await startServer((router) => {
    router.handle(Repeat, async function* () {
      try {
        for (;;) {
          made += payload.length;
          yield { payload };
        }
      } finally {
        ended.resolve();
      }
    });
  });
  const session = connect(`http://${address}`);
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": "/test.echo.v1.EchoService/Repeat",
    "content-type": "application/grpc",
  });
  stream.on("error", () => undefined);
  stream.end(requestFrame({}));
  await once(stream, "response");
  let before = -1;
  await expect
    .poll(() => {
      const still = made === before;
      before = made;
      return still;
    })
    .toBe(true);
  expect(made).toBeLessThan(onTheWay);
  stream.close();
  await ended.promise;
});

test("a handler that reads nothing stops the client", async () => {
  const { address } = await startServer((router) => {
    router.handle(Collect, async (requests, { signal }) => {
      const iterator = requests[Symbol.asyncIterator]();
      await iterator.next();
      await once(signal, "abort");
      return {};
    });
  });
  let sent = 0;
  const controller = new AbortController();
  const result = connectKratos(address)
    .collect(
      (async function* () {
        for (;;) {
          sent += payload.length;
          yield { payload };
        }
      })(),
      { signal: controller.signal },
    )
    .catch((error: unknown) => error);
  let before = -1;
  await expect
    .poll(() => {
      const still = sent > 0 && sent === before;
      before = sent;
      return still;
    })
    .toBe(true);
  expect(sent).toBeLessThan(onTheWay);
  controller.abort();
  expect(await result).toMatchObject({ code: 499 });
});

test("many messages through a slow reader need little memory", async () => {
  const count = 4000; // 64 MB
  const { address } = await startServer((router) => {
    router.handle(Repeat, async function* () {
      for (let i = 0; i < count; i++) yield { payload };
    });
  });
  const before = heldBytes();
  let [received, most] = [0, 0];
  for await (const reply of connectKratos(address).repeat({})) {
    received += reply.payload.length;
    if (received % (256 * payload.length) !== 0) continue;
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, heldBytes() - before);
  }
  expect(received).toBe(count * payload.length);
  expect(most).toBeLessThan(8 * 1024 * 1024);
});

describe("a stream that never has to wait", () => {
  test("leaves others their turn", async () => {
    let made = 0;
    const { address } = await startServer((router) => {
      router.handle(Repeat, async function* (_, { signal }) {
        while (!signal.aborted) yield { count: made++ };
      });
      router.handle(Echo, ({ text }) => ({ text }));
    });
    const [busy, other] = [connectKratos(address), connectKratos(address)];
    const stream = busy.repeat({})[Symbol.asyncIterator]();
    const reading = (async () => {
      for (;;) if ((await stream.next()).done) return;
    })().catch(() => undefined);
    for (let i = 0; i < 20; i++) {
      expect(await other.echo({ text: "me" }, { timeout: 5000 })).toMatchObject({ text: "me" });
    }
    expect(made).toBeGreaterThan(0);
    await stream.return?.();
    await reading;
  });

  test("echoes what it gets and leaves others their turn", async () => {
    const { address } = await startServer((router) => {
      router.handle(Chat, async function* (requests) {
        for await (const { text } of requests) yield { text };
      });
      router.handle(Echo, ({ text }) => ({ text }));
    });
    const controller = new AbortController();
    const stream = connectKratos(address).chat(
      (async function* () {
        for (;;) yield { text: "x" };
      })(),
      { signal: controller.signal },
    );
    const reading = (async () => {
      for await (const _ of stream);
    })().catch(() => undefined);
    const other = connectKratos(address);
    for (let i = 0; i < 20; i++) {
      expect(await other.echo({ text: "me" }, { timeout: 5000 })).toMatchObject({ text: "me" });
    }
    controller.abort();
    await reading;
  });
});

/** Bytes in buffers that somebody still holds. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  gc();
  gc(); // buffers are given back beside the program, at the latest before the next collection
  return process.memoryUsage().arrayBuffers;
}
