import assert from "node:assert/strict";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createCandidates, reference } from "./agreement.ts";
import { attempt } from "./attempt.ts";
import { failureOf } from "./failure.ts";
import { keepByteOrderMarks } from "./reference.ts";
import { schemaRuns } from "./schema-runs.ts";
import { anySchemaWithMessages } from "./schema-messages.ts";
import { adaptToReference, restoreNumbers } from "./wire.ts";

const { numRuns, seed, timeout } = schemaRuns;

keepByteOrderMarks();

/** Ways to spoil bytes: each takes a place (a fraction of the length) and a byte. */
const SPOILS: readonly ((bytes: number[], at: number, byte: number) => void)[] = [
  (bytes, at, byte) => bytes.splice(at, 1, byte),
  (bytes, at, byte) => bytes.splice(at, 1, (bytes[at] ?? 0) ^ (1 << (byte & 7))),
  (bytes, at, byte) => bytes.splice(at, 0, byte),
  (bytes, at) => bytes.splice(at, 1),
  (bytes, at) => bytes.splice(at),
  (bytes, at, byte) => bytes.splice(at, 0, ...bytes.slice(at, at + byte)),
];

const anySpoil = fc.record({
  spoil: fc.constantFrom(...SPOILS),
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  byte: fc.oneof(fc.nat(255), fc.constantFrom(0x80, 0xff, 0x7f, 0, 1, 2, 3)),
});

test("any bytes are read as the wire format says, or refused", { timeout }, () => {
  const any = fc.record({
    given: anySchemaWithMessages,
    spoils: fc.array(fc.array(anySpoil, { maxLength: 3 }), { minLength: 4, maxLength: 4 }),
  });
  const holds = fc.property(any, ({ given: { schema, messages }, spoils }) => {
    const { codecs, registry } = createCandidates(schema.registry);
    for (const { desc, message } of messages) {
      const written = reference(() => toBinary(desc, message)) ?? new Uint8Array(0);
      for (const list of spoils) {
        // twice the same message, so that parts are merged
        const bytes = [...written, ...written];
        for (const { spoil, place, byte } of list) {
          spoil(bytes, Math.floor(place * bytes.length), byte);
        }
        const input = Uint8Array.from(bytes);
        const adapted = adaptToReference(desc, input);
        const expected = adapted && reference(() => fromBinary(desc, adapted));
        if (expected !== undefined) restoreNumbers(registry, expected);
        for (const each of codecs.slice(0, 2)) {
          const ours = attempt(() => each.codecs.message(desc).fromBinary(input));
          assert.deepStrictEqual(ours, expected);
          if (ours !== undefined)
            attempt(() => each.codecs.message(desc).toJsonString(ours as never));
        }
      }
    }
  });
  expect(failureOf(holds, { numRuns, seed })).toBeUndefined();
});
