import { RoundRobinBalancer, type ServiceNode, versionFilter } from "@kratos-ts/runtime/selector";
import { describe, expect, test } from "vitest";
import type { NodeFilter } from "../../src/selector/node-filter.ts";
import { NodePool } from "../../src/selector/node-pool.ts";
import { anyContext, nodeOf } from "./nodes.ts";

class CountingBalancer extends RoundRobinBalancer {
  readonly tracked: string[] = [];

  override track(node: ServiceNode) {
    this.tracked.push(node.address);
    return super.track(node);
  }
}

function createPool(nodes: readonly ServiceNode[], ...filters: NodeFilter[]) {
  const clock = { now: 0 };
  const balancer = new CountingBalancer();
  const pool = new NodePool(balancer, filters, () => clock.now);
  pool.apply(nodes);
  const picks = (count: number, tried?: readonly ServiceNode[]): string =>
    Array.from({ length: count }, () => pool.pick(anyContext, tried)?.node.address ?? "-").join("");
  return { clock, balancer, pool, picks };
}

const a = nodeOf("a");
const b = nodeOf("b");
const c = nodeOf("c", { version: "2" });

test("gives nothing while it is empty", () => {
  expect(createPool([]).picks(1)).toBe("-");
});

test("takes each address once", () => {
  const { pool, picks } = createPool([a, nodeOf("a"), b]);
  expect(pool.size).toBe(2);
  expect(picks(4)).toBe("abab");
});

describe("new nodes", () => {
  test("take the place of the old ones; what is known of those that stay is kept", () => {
    const { pool, picks, balancer } = createPool([a, b]);
    pool.apply([b, c]);
    expect([...picks(4)].toSorted().join("")).toBe("bbcc");
    expect(balancer.tracked).toEqual(["a", "b", "c"]);
  });

  test.for<Partial<ServiceNode>>([
    { weight: 5 },
    { version: "2" },
    { metadata: { zone: "x" } },
    { scheme: "https" },
  ])("are those that differ by %o", (change) => {
    const { pool, balancer } = createPool([a, b]);
    pool.apply([nodeOf("a", change), b]);
    expect(balancer.tracked).toEqual(["a", "b", "a"]);
  });
});

test("filters leave the nodes that a call may go to", () => {
  expect(createPool([a, b, c], versionFilter("2")).picks(2)).toBe("cc");
  expect(createPool([a, b], versionFilter("2")).picks(1)).toBe("-");
  const notA: NodeFilter = (nodes) => nodes.filter(({ address }) => address !== "a");
  expect(createPool([a, b, c], versionFilter("1"), notA).picks(2)).toBe("bb");
});

test("nodes that were tried come last", () => {
  const { picks } = createPool([a, b, c]);
  expect(picks(2, [a, c])).toBe("bb");
  expect(picks(3, [a, b, c])).toMatch(/^(?=.*a)(?=.*b)(?=.*c)/);
});

test.for<[tried: readonly ServiceNode[], want: boolean]>([
  [[], true],
  [[a], true],
  [[a, c], true],
  [[a, b, c], false],
  [[nodeOf("a")], true],
])("there are nodes that were not tried: %o", ([tried, want]) => {
  expect(createPool([a, b, c]).pool.hasUntried(anyContext, tried)).toBe(want);
});

test("nodes that rest, or that filters leave out, are none to try", () => {
  const { pool } = createPool([a, b, c], versionFilter("1"));
  expect(pool.hasUntried(anyContext, [a])).toBe(true);
  pool.unreachable(b);
  expect(pool.hasUntried(anyContext, [a])).toBe(false);
});

describe("an unreachable node", () => {
  test("rests, longer each time, until it answers", () => {
    const { pool, picks, clock } = createPool([a, b]);
    pool.unreachable(a);
    expect(picks(3)).toBe("bbb");
    clock.now += 1000;
    expect(picks(2)).toMatch(/a/);
    pool.unreachable(a);
    clock.now += 999;
    expect(picks(3)).toBe("bbb");
    clock.now += 1001;
    expect(picks(2)).toMatch(/a/);
    pool.reached(a);
    pool.unreachable(a);
    clock.now += 1000;
    expect(picks(2)).toMatch(/a/);
  });

  test("rests for half a minute at most", () => {
    const { pool, picks, clock } = createPool([a, b]);
    for (let i = 0; i < 100; i++) {
      pool.unreachable(a);
      clock.now += 30_000;
    }
    expect(picks(2)).toMatch(/a/);
  });

  test("is used when all are", () => {
    const { pool, picks } = createPool([a, b]);
    pool.unreachable(a);
    pool.unreachable(b);
    expect([...picks(2)].toSorted().join("")).toBe("ab");
  });

  test("is used when the filters leave nothing else", () => {
    const { pool, picks } = createPool([a, c], versionFilter("2"));
    pool.unreachable(c);
    expect(picks(2)).toBe("cc");
  });

  test("that answers after all does not rest any more", () => {
    const { pool, picks } = createPool([a, b]);
    pool.unreachable(a);
    pool.reached(a);
    expect([...picks(2)].toSorted().join("")).toBe("ab");
  });

  test("that is gone is no fault", () => {
    const { pool, picks } = createPool([a]);
    pool.unreachable(b);
    pool.reached(b);
    expect(picks(1)).toBe("a");
  });
});
