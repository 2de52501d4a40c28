import { expect, test } from "vitest";
import { RetryBudget } from "../../src/resilience/retry-budget.ts";

function createBudget(options: object = {}) {
  const clock = { now: 0 };
  const limits = { capacity: 3, perSuccess: 0.5, perSecond: 0, ...options };
  return { clock, budget: new RetryBudget(limits, () => clock.now) };
}

function takeAll(budget: RetryBudget): number {
  let count = 0;
  while (count < 1000 && budget.take()) count += 1;
  return count;
}

test("starts full and ends empty", () => {
  expect(takeAll(createBudget().budget)).toBe(3);
});

test("successes fill it, to its capacity", () => {
  const { budget } = createBudget();
  takeAll(budget);
  budget.succeeded();
  expect(budget.take()).toBe(false);
  budget.succeeded();
  expect(takeAll(budget)).toBe(1);
  for (let i = 0; i < 100; i++) budget.succeeded();
  expect(takeAll(budget)).toBe(3);
});

test("time fills it, to its capacity", () => {
  const { budget, clock } = createBudget({ perSecond: 1 });
  takeAll(budget);
  clock.now += 999;
  expect(budget.take()).toBe(false);
  clock.now += 1;
  expect(takeAll(budget)).toBe(1);
  clock.now += 1e9;
  expect(takeAll(budget)).toBe(3);
});
