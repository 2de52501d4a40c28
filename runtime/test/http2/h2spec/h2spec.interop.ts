import { expect, test } from "vitest";
import { knownFailures, timingDependent } from "./known-failures.ts";
import { runH2spec } from "./run-h2spec.ts";
import { targets, whileServing } from "./targets.ts";

test.for(targets)(
  "h2spec fails what is known on $name, TLS $tls",
  { timeout: 120_000 },
  async (target) => {
    const { failures, skipped } = await whileServing(target, (port) => runH2spec(port, target.tls));
    const certain = failures.filter((name) => !(name in timingDependent[target.name]));
    expect(certain.toSorted()).toEqual(Object.keys(knownFailures[target.name]).toSorted());
    expect(skipped).toBe(0);
  },
);
