import { KratosError } from "@kratos-ts/runtime";
import { once } from "node:events";
import { createServer as createNetServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { createDeferred } from "./deferred.ts";
import { Chat, Echo, Repeat } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { listen } from "./raw-server.ts";

describe("canceling", () => {
  test("before the call begins sends nothing", async () => {
    let calls = 0;
    const { address } = await startServer((server) => {
      server.handle(Echo, () => {
        calls++;
        return {};
      });
    });
    const echo = createClient(address).method(Echo);
    const reason = new Error("changed my mind");
    const call = echo({}, { signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toMatchObject({ code: 499, cause: reason });
    await echo({});
    expect(calls).toBe(1);
  });

  test("while connecting ends the call", async () => {
    const silent = createNetServer(() => undefined);
    onTestFinished(() => void silent.close());
    const address = await listen(silent);
    const controller = new AbortController();
    const call = createClient(address).method(Echo)({}, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: 499 });
  });

  test("by a timeout signal is a timeout", async () => {
    const { address } = await startServer((server) => {
      server.handle(Echo, () => new Promise(() => undefined));
    });
    const call = createClient(address).method(Echo)({}, { signal: AbortSignal.timeout(20) });
    await expect(call).rejects.toMatchObject({ code: 504 });
  });

  test("with the reason of an outer call keeps its code", async () => {
    const { address } = await startServer((server) => server.handle(Echo, () => ({})));
    const signal = AbortSignal.abort(new KratosError(504, "OUTER", "too late"));
    const call = createClient(address).method(Echo)({}, { signal });
    await expect(call).rejects.toMatchObject({ code: 504, reason: "OUTER" });
  });

  test("a bidi call while its reader waits ends the wait", async () => {
    const { address } = await startServer((server) => {
      server.handle(Chat, async function* (requests) {
        for await (const _ of requests) yield {};
      });
    });
    const controller = new AbortController();
    async function* requests(): AsyncIterable<{ text: string }> {
      yield { text: "a" };
      await new Promise(() => undefined);
    }
    const chat = createClient(address).method(Chat);
    const replies = chat(requests(), { signal: controller.signal })[Symbol.asyncIterator]();
    await replies.next();
    const waiting = replies.next().catch((error: unknown) => error);
    controller.abort();
    expect(await waiting).toMatchObject({ code: 499 });
    expect(await replies.next()).toMatchObject({ done: true });
  });

  test("leaves no listener on a signal that many calls share", async () => {
    const { address } = await startServer((server) => {
      server.handle(Echo, () => ({}));
      server.handle(Repeat, async function* () {
        yield {};
      });
    });
    const client = createClient(address);
    const [echo, repeat] = [client.method(Echo), client.method(Repeat)];
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, args);
    };
    for (let i = 0; i < 20; i++) {
      await echo({}, { signal });
      for await (const _ of repeat({}, { signal }));
      for await (const _ of repeat({}, { signal })) break;
    }
    expect(listeners).toBe(0);
  });
});

test("thousands of streams that are read no further do not cost the calls beside them", async () => {
  const release = createDeferred();
  const { address } = await startServer(
    (server) => {
      server.handle(Echo, async ({ text }) => {
        await release.promise;
        return { text };
      });
      server.handle(Repeat, async function* (_, { signal }) {
        yield {};
        await once(signal, "abort");
      });
    },
    { timeout: 0 },
  );
  const client = createClient(address, { timeout: 0 });
  const beside = client.method(Echo)({ text: "alive" });
  const repeat = client.method(Repeat);
  for (let i = 0; i < 2500; i++) {
    for await (const _ of repeat({})) break;
  }
  release.resolve();
  expect(await beside).toMatchObject({ text: "alive" });
});

describe("the timeout", () => {
  test("counts the time to connect", async () => {
    // Takes the connection and says nothing: the call waits for its reply.
    const silent = createNetServer((socket) => socket.resume());
    onTestFinished(() => void silent.close());
    const address = await listen(silent);
    const call = createClient(address, { timeout: 40 }).method(Echo)({});
    await expect(call).rejects.toMatchObject({ code: 504 });
  });

  test("does not hold for streams, unless the call has its own", async () => {
    const { address } = await startServer((server) => {
      server.handle(Repeat, async function* (_, { deadline }) {
        yield { text: String(deadline) };
        if (deadline !== undefined) await new Promise(() => undefined);
      });
    });
    const repeat = createClient(address, { timeout: 1 }).method(Repeat);
    for await (const { text } of repeat({})) expect(text).toBe("undefined");
    const read = async (): Promise<void> => {
      for await (const { text } of repeat({}, { timeout: 50 })) expect(text).toMatch(/^\d+/);
    };
    await expect(read()).rejects.toMatchObject({ code: 504 });
  });
});
