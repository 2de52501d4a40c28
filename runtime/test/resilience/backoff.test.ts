import { expect, test } from "vitest";
import { backoffDelay } from "../../src/resilience/backoff.ts";

const options = { initial: 50, max: 1000 };

test.for([
  [1, 50],
  [2, 100],
  [3, 200],
  [5, 800],
  [6, 1000],
  [1000, 1000],
  [1e9, 1000],
])("attempt %i waits up to %i ms", ([attempt = 0, limit]) => {
  expect(backoffDelay(options, attempt, () => 1)).toBe(limit);
  expect(backoffDelay(options, attempt, () => 0)).toBe(0);
});

test("waits differ", () => {
  const delays = Array.from({ length: 20 }, () => backoffDelay(options, 3));
  expect(new Set(delays).size).toBeGreaterThan(15);
  for (const delay of delays) expect(delay >= 0 && delay < 200).toBe(true);
});
