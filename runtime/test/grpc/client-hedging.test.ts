import { describe, expect, test } from "vitest";
import { createDeferred } from "./deferred.ts";
import { Echo } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";

const safeEcho = { ...Echo, idempotency: "noSideEffects" } as const;

/** A server that answers with its name, at once or never; and what becomes of its calls. */
async function startNamed(text: string, answers: boolean) {
  const [called, canceled] = [createDeferred(), createDeferred()];
  let calls = 0;
  const { address } = await startServer(
    (server) => {
      server.handle(Echo, async (_, { signal }) => {
        calls++;
        called.resolve();
        signal.addEventListener("abort", () => canceled.resolve());
        if (!answers) await canceled.promise;
        return { text };
      });
    },
    { timeout: 0 },
  );
  return { address, called: called.promise, canceled: canceled.promise, calls: () => calls };
}

describe("a hedged call", () => {
  test("takes the answer of whoever is faster, and cancels the other", async () => {
    const [slow, fast] = [await startNamed("slow", false), await startNamed("fast", true)];
    const client = createClient(`direct:///${slow.address},${fast.address}`, {
      hedging: { delay: 20, attempts: 5 },
    });
    const echo = client.method(safeEcho);
    // Wherever the first call goes, one of two goes to the slow server. It may take a while until both are connected.
    const replies = await Promise.all([echo({}), echo({})]);
    expect(replies).toMatchObject([{ text: "fast" }, { text: "fast" }]);
    await slow.called;
    await slow.canceled;
  });

  test("is none where a call may not be repeated", async () => {
    const slow = await startNamed("slow", false);
    const client = createClient(slow.address, { hedging: { delay: 1 }, timeout: 500 });
    await expect(client.method(Echo)({})).rejects.toMatchObject({ code: 504 });
    expect(slow.calls()).toBe(1);
  });

  test("is sent as often as it may be", async () => {
    const slow = await startNamed("slow", false);
    const client = createClient(slow.address, { hedging: { delay: 1, attempts: 3 }, timeout: 500 });
    await expect(client.method(safeEcho)({})).rejects.toMatchObject({ code: 504 });
    expect(slow.calls()).toBe(3);
  });
});

test("calls are not hedged by default", async () => {
  const slow = await startNamed("slow", false);
  const client = createClient(slow.address, { timeout: 500 });
  await expect(client.method(safeEcho)({})).rejects.toMatchObject({ code: 504 });
  expect(slow.calls()).toBe(1);
});
