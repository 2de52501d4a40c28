import { expect, test } from "vitest";
import { subsetOf } from "../../src/selector/subset.ts";
import { instanceOf } from "./nodes.ts";

const instances = Array.from({ length: 100 }, (_, i) => instanceOf(`i${i}`));
const idsOf = (size: number, key: string, from = instances): Set<string> =>
  new Set(subsetOf(from, size, key).map(({ id }) => id));

test("has the size, or is all when there are no more", () => {
  expect(idsOf(25, "key").size).toBe(25);
  expect(subsetOf(instances, 100, "key")).toBe(instances);
  expect(subsetOf(instances, 0, "key")).toBe(instances);
  expect(subsetOf([], 25, "key")).toEqual([]);
});

test("is the same for a key, in whatever order the instances come", () => {
  expect(idsOf(25, "key", instances.toReversed())).toEqual(idsOf(25, "key"));
});

test("differs from key to key, so that all instances are used", () => {
  const used = new Set<string>();
  for (let i = 0; i < 50; i++) for (const id of idsOf(25, `key${i}`)) used.add(id);
  expect(used.size).toBe(100);
});

test("stays nearly the same when an instance goes", () => {
  const before = idsOf(25, "key");
  for (const { id } of instances.slice(0, 20)) {
    const after = idsOf(
      25,
      "key",
      instances.filter((instance) => instance.id !== id),
    );
    expect([...before].filter((id) => after.has(id)).length).toBeGreaterThanOrEqual(24);
  }
});
