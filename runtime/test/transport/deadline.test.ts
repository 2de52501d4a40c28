import fc from "fast-check";
import { expect, test } from "vitest";
import { findTimeout, formatTimeout } from "../../src/transport/deadline.ts";

test.for([
  ["1H", 3_600_000],
  ["2M", 120_000],
  ["3S", 3000],
  ["4m", 4],
  ["5u", 0.005],
  ["0n", 0],
  ["99999999H", 99_999_999 * 3_600_000],
] as const)("reads %s as %d ms", ([text, milliseconds]) => {
  expect(findTimeout(text)).toBeCloseTo(milliseconds, 9);
});

test.for(["", "S", "1", "1s", "1 S", "+1S", "1.0S", "100000000S", "0x1S"])(
  'does not read "%s"',
  (text) => {
    expect(findTimeout(text)).toBeUndefined();
  },
);

test.for([
  [0, "1n"],
  [1, "1000u"],
  [2000, "2000000u"],
  [99_999.9999, "99999999u"],
  [100_000, "100000m"],
  [1e8, "100000S"],
  [1e11, "27777H"],
  [Number.MAX_SAFE_INTEGER, "99999999H"],
] as const)("writes %d ms as %s", ([milliseconds, text]) => {
  expect(formatTimeout(milliseconds)).toBe(text);
});

test("writes what can be read, never longer than it was", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 1e13, noNaN: true }), (milliseconds) => {
      const read = findTimeout(formatTimeout(milliseconds));
      expect(read).toBeLessThanOrEqual(milliseconds * (1 + 1e-9));
      expect(read).toBeGreaterThan(milliseconds * 0.98);
    }),
  );
});
