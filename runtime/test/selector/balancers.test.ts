import { KratosError } from "@kratos-ts/runtime";
import {
  type Balancer,
  type EwmaNode,
  P2cBalancer,
  RandomBalancer,
  RoundRobinBalancer,
  type TrackedNode,
  WeightedRoundRobinBalancer,
} from "@kratos-ts/runtime/selector";
import { describe, expect, test } from "vitest";
import { nodeOf, sequence } from "./nodes.ts";

function track<T extends TrackedNode>(balancer: Balancer<T>, weights: Record<string, number>): T[] {
  return Object.entries(weights).map(([address, weight]) =>
    balancer.track(nodeOf(address, { weight })),
  );
}

function trackTwo(balancer: P2cBalancer, weight = 100): [EwmaNode, EwmaNode] {
  return [balancer.track(nodeOf("a", { weight: 100 })), balancer.track(nodeOf("b", { weight }))];
}

function choices<T extends TrackedNode>(
  balancer: Balancer<T>,
  nodes: readonly T[],
  count: number,
): string {
  return Array.from({ length: count }, () => balancer.choose(nodes).node.address).join("");
}

describe("round robin", () => {
  test("goes through the nodes in turn", () => {
    const balancer = new RoundRobinBalancer();
    const nodes = track(balancer, { a: 1, b: 9, c: 1 });
    expect(choices(balancer, nodes, 7)).toBe("abcabca");
  });

  test("goes on when nodes vanish", () => {
    const balancer = new RoundRobinBalancer();
    const nodes = track(balancer, { a: 1, b: 1, c: 1 });
    expect(choices(balancer, nodes, 2)).toBe("ab");
    expect(choices(balancer, nodes.slice(0, 1), 2)).toBe("aa");
  });
});

describe("weighted round robin", () => {
  test.for<[weights: Record<string, number>, want: string]>([
    [{ a: 5, b: 1, c: 1 }, "aabacaaaabacaa"],
    [{ a: 1, b: 1 }, "abab"],
    [{ a: 1 }, "aaa"],
    [{ a: 2, b: 1 }, "abaaba"],
  ])("%o gives %s", ([weights, want]) => {
    const balancer = new WeightedRoundRobinBalancer();
    expect(choices(balancer, track(balancer, weights), want.length)).toBe(want);
  });

  test("takes 100 for a weight that is not given", () => {
    const balancer = new WeightedRoundRobinBalancer();
    const nodes = [balancer.track(nodeOf("a")), balancer.track(nodeOf("b", { weight: 300 }))];
    const all = choices(balancer, nodes, 400);
    expect(all.replaceAll("b", "")).toHaveLength(100);
  });
});

test("random chooses all nodes, the first and the last too", () => {
  const balancer = new RandomBalancer(sequence(0, 0.34, 0.67, 0.999999));
  expect(choices(balancer, track(balancer, { a: 1, b: 9, c: 1 }), 4)).toBe("abcc");
});

describe("p2c", () => {
  function setup(...random: number[]) {
    const clock = { now: 0 };
    const balancer = new P2cBalancer({
      now: () => clock.now,
      ...(random.length > 0 && { random: sequence(...random) }),
    });
    const call = (node: TrackedNode, milliseconds: number, error?: unknown): void => {
      const pick = node.begin();
      clock.now += milliseconds;
      pick.done(error);
    };
    return { clock, balancer, call };
  }

  test("takes the only node", () => {
    const { balancer } = setup();
    expect(choices(balancer, track(balancer, { a: 1 }), 2)).toBe("aa");
  });

  test("compares two different nodes, any two", () => {
    for (const [first, second, pair] of [
      [0, 0, "ab"],
      [0, 0.99, "ac"],
      [0.5, 0, "ba"],
      [0.99, 0.99, "cb"],
    ] as const) {
      const { balancer } = setup(first, second);
      const nodes = track(balancer, { a: 100, b: 100, c: 100 });
      // Nodes that were never chosen come first: the second of the pair, then the other.
      const one = balancer.choose(nodes);
      one.begin().done(undefined);
      const two = balancer.choose(nodes);
      expect([one.node.address, two.node.address].toSorted().join("")).toBe(
        [...pair].toSorted().join(""),
      );
    }
  });

  test("prefers the faster node", () => {
    const { balancer, call } = setup();
    const [a, b] = trackTwo(balancer);
    for (let i = 0; i < 5; i++) {
      call(a, 5);
      call(b, 100);
    }
    expect(choices(balancer, [a, b], 20)).toBe("a".repeat(20));
  });

  test("prefers the node that does not fail", () => {
    const { balancer, call } = setup();
    const [a, b] = trackTwo(balancer);
    for (let i = 0; i < 5; i++) {
      call(a, 5, new KratosError(503, "", ""));
      call(b, 8);
    }
    expect(choices(balancer, [a, b], 20)).toBe("b".repeat(20));
  });

  test("does not hold what callers do wrong against the node", () => {
    const { balancer, call } = setup();
    const [a, b] = trackTwo(balancer);
    for (let i = 0; i < 5; i++) {
      call(a, 5, new KratosError(404, "", ""));
      call(b, 50);
    }
    expect(choices(balancer, [a, b], 20)).toBe("a".repeat(20));
  });

  test("prefers the node with fewer calls under way", () => {
    const { balancer, call } = setup();
    const [a, b] = trackTwo(balancer);
    call(a, 5);
    call(b, 5);
    for (let i = 0; i < 5; i++) a.begin();
    expect(choices(balancer, [a, b], 20)).toBe("b".repeat(20));
  });

  test("sees that a node hangs before its calls have ended", () => {
    const { balancer, call, clock } = setup();
    const [a, b] = trackTwo(balancer);
    call(b, 5);
    call(a, 5);
    a.begin();
    clock.now += 200;
    b.begin();
    expect(balancer.choose([a, b])).toBe(b);
  });

  test("prefers the heavier of two that are equal", () => {
    const { balancer, call } = setup();
    const [a, b] = trackTwo(balancer, 300);
    call(a, 5);
    call(b, 5);
    expect(choices(balancer, [a, b], 20)).toBe("b".repeat(20));
  });

  test("asks a node again that was passed over for three seconds", () => {
    const { balancer, call, clock } = setup();
    const [a, b] = trackTwo(balancer);
    for (let i = 0; i < 5; i++) {
      call(a, 5);
      call(b, 100);
    }
    clock.now += 2900;
    a.begin().done(undefined);
    expect(balancer.choose([a, b])).toBe(a);
    clock.now += 101;
    a.begin().done(undefined);
    expect(balancer.choose([a, b])).toBe(b);
  });

  test("counts a call once, however often it is said to be done", () => {
    const { balancer, clock } = setup();
    const [a, b] = trackTwo(balancer);
    const pick = a.begin();
    clock.now += 5;
    pick.done(undefined);
    clock.now += 600;
    pick.done(new KratosError(503, "", ""));
    pick.done(new KratosError(503, "", ""));
    const other = b.begin();
    clock.now += 5;
    other.done(undefined);
    expect(a.weight).toBe(b.weight);
  });
});
