import fc from "fast-check";
import { expect, test } from "vitest";
import { checkAgreement, createCandidates } from "./agreement.ts";
import { anyMessage } from "./arbitrary.ts";
import { failureOf } from "./failure.ts";
import { compileProtos } from "./protos.ts";
import { keepByteOrderMarks } from "./reference.ts";

const { message, registry } = compileProtos();
const candidates = createCandidates(registry);

keepByteOrderMarks();

const TYPES = [
  "transcoding.v1.R",
  "hostile.v1.Scalars",
  "hostile.v1.Optionals",
  "hostile.v1.Lists",
  "hostile.v1.Maps",
  "hostile.v1.Names",
  "hostile.v1.Tree",
  "hostile.v1.Order",
  "hostile.v1.WellKnown",
  "legacy.v1.Legacy",
  "legacy.v1.Required",
  "edition.v1.Edition",
  "edition.v1.Delimited",
];

test.for(TYPES)("codecs agree with the reference on any %s", (name) => {
  const desc = message(name);
  const anyTypes = TYPES.map(message);
  const holds = fc.property(anyMessage(desc, 2, { anyTypes, longFloats: true }), (any) =>
    checkAgreement(candidates, desc, any),
  );
  const runs = { numRuns: 60, interruptAfterTimeLimit: 5_000 };
  expect(failureOf(holds, runs)).toBeUndefined();
});
