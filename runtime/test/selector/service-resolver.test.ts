import { type Discovery, MemoryRegistry, type ServiceInstance } from "@kratos-ts/runtime";
import { createLogger } from "@kratos-ts/runtime/log";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { ServiceResolver } from "../../src/selector/service-resolver.ts";
import { instanceOf } from "./nodes.ts";

const never = new AbortController().signal;
const patient = { timeout: 20_000 };

afterEach(() => void vi.useRealTimers());

function createResolver(discovery: Discovery, subset = 25) {
  const seen: string[] = [];
  const records: string[] = [];
  const resolver = new ServiceResolver({
    discovery,
    serviceName: "orders",
    schemes: ["http"],
    subset,
    logger: createLogger({ write: (line: string) => void records.push(line) } as never),
    onNodes: (nodes) => void seen.push(nodes.map(({ address }) => address).join()),
  });
  onTestFinished(() => resolver.close());
  return { resolver, seen, records };
}

/** A registry that answers each watch by one of these, the last one for all that follow. */
function scripted(...watches: readonly (() => AsyncIterable<readonly ServiceInstance[]>)[]) {
  let count = 0;
  return {
    get count() {
      return count;
    },
    getService: () => Promise.resolve([]),
    watch: () => (watches[count++] ?? watches.at(-1)!)(),
  };
}

test("follows the instances that can be called", async () => {
  const registry = new MemoryRegistry();
  const { resolver, seen } = createResolver(registry);
  await registry.register(instanceOf("g", ["grpc://g:1"]), never);
  await registry.register(instanceOf("a"), never);
  await registry.register({ ...instanceOf("x"), name: "others" }, never);
  await resolver.ready();
  expect(seen).toEqual(["a:1"]);
  await registry.register(instanceOf("b"), never);
  await expect.poll(() => seen.at(-1), patient).toBe("a:1,b:1");
  await registry.deregister(instanceOf("a"), never);
  await expect.poll(() => seen.at(-1), patient).toBe("b:1");
});

test("keeps the last instances when there are none any more, and says so", async () => {
  const registry = new MemoryRegistry();
  const { resolver, seen, records } = createResolver(registry);
  await registry.register(instanceOf("a"), never);
  await resolver.ready();
  await registry.deregister(instanceOf("a"), never);
  await expect.poll(() => records.join(""), patient).toContain("no instance can be called");
  expect(seen).toEqual(["a:1"]);
});

test("takes some of many", async () => {
  const registry = new MemoryRegistry();
  for (let i = 0; i < 10; i++) await registry.register(instanceOf(`i${i}`), never); // oxlint-disable-line no-await-in-loop -- one after the other
  const { resolver, seen } = createResolver(registry, 3);
  await resolver.ready();
  expect(seen[0]?.split(",")).toHaveLength(3);
});

test("watches again after an error or an end, later each time, and logs both", async () => {
  vi.useFakeTimers();
  const registry = scripted(
    // oxlint-disable-next-line require-yield -- it fails before
    async function* () {
      throw new Error("no registry");
    },
    async function* () {
      yield [instanceOf("a")];
    },
    () => {
      throw new Error("no registry at all");
    },
    async function* () {
      yield [instanceOf("b")];
      await new Promise(() => undefined);
    },
  );
  const { resolver, seen, records } = createResolver(registry);
  const ready = resolver.ready();
  expect(registry.count).toBe(1);
  await vi.advanceTimersByTimeAsync(1500);
  await ready;
  expect(seen).toEqual(["a:1"]);
  await vi.advanceTimersByTimeAsync(1500 + 2500);
  expect(seen).toEqual(["a:1", "b:1"]);
  expect(registry.count).toBe(4);
  expect(records.join("")).toContain("no registry");
  expect(records.join("")).toContain("the watch ended");
});

test("asks nobody before it is asked, and once for all", async () => {
  const registry = scripted(async function* () {
    yield [instanceOf("a")];
    await new Promise(() => undefined);
  });
  const { resolver } = createResolver(registry);
  expect(registry.count).toBe(0);
  await Promise.all([resolver.ready(), resolver.ready()]);
  expect(registry.count).toBe(1);
});

test("lets those go who wait when it closes, and ends its watch", async () => {
  let ended = false;
  const silent: Discovery = {
    getService: () => Promise.resolve([]),
    async *watch(_, signal) {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      ended = true;
      yield [];
    },
  };
  const { resolver, seen } = createResolver(silent);
  const ready = resolver.ready();
  resolver.close();
  await ready;
  await expect.poll(() => ended, patient).toBe(true);
  expect(seen).toEqual([]);
});

test("lets nobody wait who comes when it is closed", async () => {
  const registry = scripted(async function* () {
    yield [instanceOf("a")];
  });
  const { resolver } = createResolver(registry);
  resolver.close();
  await resolver.ready();
  expect(registry.count).toBe(0);
});
