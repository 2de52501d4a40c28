import { expect, test } from "vitest";
import { knownFailures } from "./known-failures.ts";
import { runH2spec } from "./run-h2spec.ts";
import { targets, whileServing } from "./targets.ts";

test.for(targets)(
  "h2spec fails what is known on $name, TLS $tls",
  { timeout: 120_000 },
  async (target) => {
    const { failures, skipped } = await whileServing(target, (port) => runH2spec(port, target.tls));
    expect(failures.toSorted()).toEqual(Object.keys(knownFailures[target.name]).toSorted());
    expect(skipped).toBe(0);
  },
);
