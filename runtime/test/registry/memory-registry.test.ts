import { MemoryRegistry, type ServiceInstance } from "@kratos-ts/runtime";
import { expect, test } from "vitest";

const never = new AbortController().signal;

function instanceOf(id: string, name = "orders"): ServiceInstance {
  return { id, name, version: "1", metadata: {}, endpoints: [`http://${id}:1`] };
}

const idsOf = (instances: readonly ServiceInstance[]): string =>
  instances.map(({ id }) => id).join("");

test("finds the instances of a service", async () => {
  const registry = new MemoryRegistry();
  await registry.register(instanceOf("a"), never);
  await registry.register(instanceOf("b", "others"), never);
  await registry.register(instanceOf("a"), never);
  expect(idsOf(await registry.getService("orders", never))).toBe("a");
  expect(await registry.getService("none", never)).toEqual([]);
  await registry.deregister(instanceOf("a"), never);
  expect(await registry.getService("orders", never)).toEqual([]);
});

test("a watch tells all instances at first and after each change", async () => {
  const registry = new MemoryRegistry();
  const ending = new AbortController();
  const watch = registry.watch("orders", ending.signal)[Symbol.asyncIterator]();
  const next = async () => idsOf((await watch.next()).value as ServiceInstance[]);
  expect(await next()).toBe("");
  const waiting = next();
  await registry.register(instanceOf("b", "others"), never);
  await registry.register(instanceOf("a"), never);
  expect(await waiting).toBe("a");
  // Changes while nobody waits are one.
  await registry.register(instanceOf("b"), never);
  await registry.register(instanceOf("c"), never);
  expect(await next()).toBe("abc");
  const last = watch.next();
  ending.abort();
  expect((await last).done).toBe(true);
});

test("nothing is done any more for one who has given up", async () => {
  const registry = new MemoryRegistry();
  const over = AbortSignal.abort(new Error("over"));
  await expect(registry.register(instanceOf("a"), over)).rejects.toThrow("over");
  await expect(registry.getService("orders", over)).rejects.toThrow("over");
  for await (const _ of registry.watch("orders", over)) expect.unreachable();
  expect(await registry.getService("orders", never)).toEqual([]);
});
