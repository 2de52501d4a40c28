import type { ServiceInstance } from "@kratos-ts/runtime";
import { MemoryRegistry } from "@kratos-ts/runtime";
import type { GrpcServer } from "@kratos-ts/runtime/grpc";
import { http2Engine } from "@kratos-ts/runtime/http2";
import { RandomBalancer, versionFilter } from "@kratos-ts/runtime/selector";
import { createServer as createNetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Chat, Echo, Repeat } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { listen } from "./raw-server.ts";

const { signal } = new AbortController();

/** For machines that are busy. */
const patient = { timeout: 20_000 };

function startNamed(text: string): Promise<{ server: GrpcServer; address: string }> {
  return startServer((server) => server.handle(Echo, () => ({ text })));
}

/** Calls until each of these names has answered. */
async function untilSeen(echo: (r: object) => Promise<{ text: string }>, names: readonly string[]) {
  const seen = new Set<string>();
  await expect
    .poll(async () => {
      seen.add((await echo({})).text);
      return [...seen].toSorted();
    })
    .toEqual(names);
}

function instance(id: string, address: string, more: Partial<ServiceInstance> = {}) {
  return {
    id,
    name: "orders",
    version: "1",
    metadata: {},
    endpoints: [`grpc://${address}`],
    ...more,
  };
}

async function closedAddress(): Promise<string> {
  const server = createNetServer();
  const address = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return address;
}

describe("several servers", () => {
  test("are chosen by the balancer", async () => {
    const servers = await Promise.all(["a", "b"].map(startNamed));
    const endpoint = `direct:///${servers.map(({ address }) => address).join(",")}`;
    const numbers = [0, 0.9, 0.9, 0];
    let next = 0;
    const balancer = new RandomBalancer(() => numbers[next++ % numbers.length] as number);
    const echo = createClient(endpoint, { balancer }).method(Echo);
    await untilSeen(echo, ["a", "b"]);
    next = 0;
    const turns: string[] = [];
    for (let i = 0; i < 4; i++) turns.push((await echo({})).text);
    const [first, second] = turns;
    expect(turns).toEqual([first, second, second, first]);
    expect(first).not.toBe(second);
  });

  test("get calls by their weights, and by the filters of the client", async () => {
    const [a, b, c] = await Promise.all(["a", "b", "c"].map(startNamed));
    const discovery = new MemoryRegistry();
    await discovery.register(instance("a", a!.address, { metadata: { weight: "30" } }), signal);
    await discovery.register(instance("b", b!.address, { metadata: { weight: "10" } }), signal);
    await discovery.register(instance("c", c!.address, { version: "2" }), signal);
    const client = createClient("discovery:///orders", {
      discovery,
      filters: [versionFilter("1")],
    });
    const echo = client.method(Echo);
    await untilSeen(echo, ["a", "b"]);
    const counts: Record<string, number> = {};
    for (let i = 0; i < 40; i++) {
      const { text } = await echo({});
      counts[text] = (counts[text] ?? 0) + 1;
    }
    expect(counts).toEqual({ a: 30, b: 10 });
  });

  test("of which the filters leave none fail calls", async () => {
    const { address } = await startNamed("a");
    const client = createClient(`direct:///${address}`, { filters: [() => []] });
    await expect(client.method(Echo)({})).rejects.toMatchObject({
      code: 503,
      reason: "NODE_NOT_FOUND",
    });
  });

  test("that are all down are named", async () => {
    const addresses = [await closedAddress(), await closedAddress()];
    const call = createClient(`direct:///${addresses.join(",")}`).method(Echo)({});
    const error = await call.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 503, reason: "UNREACHABLE" });
    for (const address of addresses) expect((error as Error).message).toContain(address);
  });

  test("that are a name are looked up", async () => {
    const { address } = await startNamed("a");
    const [, port] = address.split(":");
    const client = createClient(`dns:///localhost:${port}`);
    expect(await client.method(Echo)({})).toMatchObject({ text: "a" });
  });

  test("that are a name that is not known fail calls", async () => {
    const client = createClient("dns:///name.invalid:1");
    await expect(client.method(Echo)({})).rejects.toMatchObject({ reason: "NODE_NOT_FOUND" });
  });
});

test("a server on a Unix socket is called", async () => {
  const addr = join(tmpdir(), `client-${process.pid}-${Math.random()}.sock`);
  await startServer((server) => server.handle(Echo, () => ({ text: "unix" })), {
    network: "unix",
    addr,
  });
  expect(await createClient(`unix://${addr}`).method(Echo)({})).toMatchObject({ text: "unix" });
});

describe("discovery", () => {
  test("without the option is refused", () => {
    expect(() => createClient("discovery:///orders")).toThrow(/needs the option "discovery"/);
  });

  test("of a service that nobody offers fails calls, unless they wait", async () => {
    const discovery = new MemoryRegistry();
    const echo = createClient("discovery:///orders", { discovery }).method(Echo);
    await expect(echo({})).rejects.toMatchObject({ code: 503, reason: "NODE_NOT_FOUND" });
    const waiting = echo({}, { waitForReady: true });
    const { address } = await startNamed("late");
    await discovery.register(instance("1", address), signal);
    expect(await waiting).toMatchObject({ text: "late" });
    expect(await echo({})).toMatchObject({ text: "late" });
  });

  test("follows what is registered, and fails no call when all of it is exchanged", async () => {
    const discovery = new MemoryRegistry();
    const old = await startNamed("old");
    await discovery.register(instance("1", old.address), signal);
    const echo = createClient("discovery:///orders", { discovery }).method(Echo);
    const state = { done: false };
    const seen = new Set<string>();
    const load = Array.from({ length: 8 }, async () => {
      while (!state.done) seen.add((await echo({})).text);
    });
    await expect.poll(() => seen.has("old")).toBe(true);
    for (let round = 0; round < 5; round++) {
      const next = await startNamed(`new ${round}`);
      await discovery.register(instance("1", next.address), signal);
      await expect.poll(() => seen.has(`new ${round}`)).toBe(true);
    }
    await old.server.stop(new AbortController().signal);
    state.done = true;
    await Promise.all(load);
    expect(seen.size).toBe(6);
  });
});

test.for([
  ["node:http2", undefined],
  ["the engine of this package", http2Engine()],
] as const)(
  "no call fails, nor any stream, when two servers on %s are restarted in turn under load",
  async ([, engine]) => {
    const register = (server: GrpcServer): void => {
      server.handle(Echo, async ({ text }) => {
        await new Promise((resolve) => setImmediate(resolve));
        return { text };
      });
      server.handle(Repeat, async function* ({ count }) {
        for (let i = 0; i < count; i++) {
          await new Promise((resolve) => setImmediate(resolve));
          yield { count: i };
        }
      });
      server.handle(Chat, async function* (requests) {
        for await (const { text } of requests) yield { text };
      });
    };
    const servers = [
      await startServer(register, { engine }),
      await startServer(register, { engine }),
    ];
    const addresses = servers.map(({ address }) => address);
    const client = createClient(`direct:///${addresses.join(",")}`, { timeout: 10_000 });
    const [echo, repeat, chat] = [client.method(Echo), client.method(Repeat), client.method(Chat)];
    const state = { done: false };
    const counts = { echo: 0, repeat: 0, chat: 0 };
    const echoing = Array.from({ length: 10 }, async (_, i) => {
      while (!state.done) {
        expect(await echo({ text: `${i}` })).toMatchObject({ text: `${i}` });
        counts.echo++;
      }
    });
    const repeating = Array.from({ length: 5 }, async () => {
      while (!state.done) {
        let seen = 0;
        for await (const { count } of repeat({ count: 20 })) expect(count).toBe(seen++);
        expect(seen).toBe(20);
        counts.repeat++;
      }
    });
    const chatting = Array.from({ length: 5 }, async () => {
      async function* requests(): AsyncIterable<{ text: string }> {
        for (let i = 0; i < 10; i++) yield { text: `${i}` };
      }
      while (!state.done) {
        let seen = 0;
        for await (const { text } of chat(requests())) expect(text).toBe(`${seen++}`);
        expect(seen).toBe(10);
        counts.chat++;
      }
    });
    const load = Promise.all([...echoing, ...repeating, ...chatting]);
    const restart = async (): Promise<void> => {
      for (let round = 0; round < 6; round++) {
        const index = round % 2;
        const before = { ...counts };
        await servers[index]!.server.stop(new AbortController().signal);
        servers[index] = await startServer(register, { engine, addr: addresses[index]! });
        await expect.poll(() => counts.echo - before.echo, patient).toBeGreaterThan(50);
        await expect.poll(() => counts.chat - before.chat, patient).toBeGreaterThan(5);
      }
      state.done = true;
    };
    try {
      await Promise.race([load, restart()]);
    } finally {
      state.done = true;
    }
    await load;
    expect(counts.repeat).toBeGreaterThan(0);
  },
);
