import { expect, test } from "vitest";
import { nearestName } from "../src/nearest-name.ts";

test.for<[name: string, known: readonly string[], nearest: string | undefined]>([
  ["unboundMethod", ["allowGetBody", "unboundMethods"], "unboundMethods"],
  ["htpt", ["grpc", "http"], "http"],
  ["Tihng", ["Think", "Thing"], "Thing"],
  ["Cat", ["Bat", "Rat"], "Bat"],
  ["ab", ["ac"], undefined],
  ["colour", ["http", "proto"], undefined],
  ["importRoots", [], undefined],
])("takes %o among %o for %o", ([name, known, nearest]) => {
  expect(nearestName(name, known)).toBe(nearest);
});
