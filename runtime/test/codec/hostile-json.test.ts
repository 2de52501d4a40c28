import assert from "node:assert/strict";
import type { DescMessage, JsonValue, Registry } from "@bufbuild/protobuf";
import { fromJson } from "@bufbuild/protobuf";
import type { MessageCodec } from "@kratos-ts/runtime/codec";
import { isCodecError } from "@kratos-ts/runtime/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createCandidates, hasAmbiguousNames, withoutEmptyUnknown } from "./agreement.ts";
import { attempt } from "./attempt.ts";
import { failureOf } from "./failure.ts";
import { keepByteOrderMarks } from "./reference.ts";
import { anySchemaWithMessages } from "./schema-messages.ts";
import { schemaRuns } from "./schema-runs.ts";

const { numRuns, seed, timeout } = schemaRuns;

keepByteOrderMarks();

/** What may stand where something else belongs. */
const VALUES: readonly JsonValue[] = (
  [
    [null, true, false, 0, 1.5, -1, 1e21, 2 ** 31, 2 ** 53, 3.4028235e38, 1e39, Infinity],
    ["", " 5", "5 ", "+5", "5.", ".5", "0x10", "0b1", "1e2", "1.0", "1.5", "1_0"],
    ["9007199254740993", "-9223372036854775809", "18446744073709551616", "1e999", "1e-1", "٣"],
    ["NaN", "nan", "Infinity", "-Infinity", "inf", "true", "null", "NULL", "A", "NULL_VALUE"],
    ["2026-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01"],
    ["2026-01-01t00:00:00z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999999Z"],
    ["1.5s", "1.5s later", "-0.5s", "1.0000000001s", "315576000001s", "1e2s", ".5s", "1.s"],
    ["a_b", "aB,c", "a,,b", ",", "aBC.dE", "AAA", "AA==", "A=", "=", "-_8=", "AA\n==", "AAAAA"],
    ["\ud800", "\ufeff", "__proto__", "constructor"],
    [[], [null], [[]], [1, "2"], {}, { a: null }, { "@type": "" }, { "@type": 5 }, { "": {} }],
    [
      { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1s" },
      { "@type": "x/no.Such" },
    ],
    [
      { "@type": "/", value: {} },
      { "@type": "type.googleapis.com/google.protobuf.Empty", value: {} },
    ],
  ] as JsonValue[][]
).flat();

const anySpoil = fc.record({
  /** Which of the places where a value stands. */
  place: fc.nat(10_000),
  value: fc.constantFrom(...VALUES),
  /** Whether a member is added there, or its name changed, instead of its value. */
  rename: fc.option(
    fc.constantFrom("", "constructor", "x", "[random.v1.ext0]", "01", "true", "-0"),
  ),
});

/** Where ours refuses what the reference reads, our reason is one of these. */
const STRICTER: readonly RegExp[] = [
  /^expected a value of \S+ \(.*\), got "/, // a name that the enum does not have
  /^expected (an? u?int\d\d|a float|a double), got "(?!-?\d+(\.\d+)?([eE][+-]?\d+)?"$)/,
  /which JSON numbers cannot carry exactly/,
  /^expected a duration in seconds such as 1\.5s, got "/,
  /^expected a timestamp that exists, got "/,
  /^expected a finite number, got Infinity$/,
  /^expected valid Unicode, got a lone surrogate$/,
  /^expected base64, got a text of impossible length$/,
];

/** Where the reference refuses what ours reads, its message is one of these. */
const LENIENT: readonly RegExp[] = [
  /expected bigint \(u?int64\), got "/, // "1.0" and "1e2" are integers
  /invalid map key: expected bigint/,
  /oneof set multiple times by/, // once with null
  /no\.Such is not in the type registry/,
  /out of range$/, // the largest float, written with fewer digits
];

test("any JSON is read as ProtoJSON says, or refused", { timeout }, () => {
  const any = fc.record({
    given: anySchemaWithMessages,
    spoils: fc.array(fc.array(anySpoil, { maxLength: 2 }), { minLength: 6, maxLength: 6 }),
  });
  const holds = fc.property(any, ({ given: { schema, messages }, spoils }) => {
    const { codecs, registry } = createCandidates(schema.registry);
    if (schema.messages.some(hasAmbiguousNames)) return;
    const [compiled, interpreted] = codecs;
    for (const { desc, message } of messages) {
      const codec = compiled!.codecs.message(desc);
      const text = attempt(() => codec.toJsonString(message as never)) ?? "{}";
      for (const list of spoils) {
        const json = JSON.parse(text) as JsonValue;
        for (const spoil of list) applySpoil(json, spoil);
        const ours = checkRead(codec, json, registry);
        assert.deepStrictEqual(
          attempt(() => interpreted!.codecs.message(desc).fromJson(json)),
          ours,
        );
      }
    }
  });
  expect(failureOf(holds, { numRuns, seed })).toBeUndefined();
});

function checkRead(codec: MessageCodec, json: JsonValue, registry: Registry): unknown {
  const ours = outcome(() => codec.fromJson(json));
  const expected = outcome(() => read(codec.desc, json, registry));
  const described = JSON.stringify(json);
  if ("error" in ours) {
    assert(isCodecError(ours.error), String(ours.error));
    const { reason, message } = ours.error;
    const isKnown =
      "error" in expected ||
      STRICTER.some((pattern) => pattern.test(reason)) ||
      hasUnknownEnumName(codec.desc, json, registry);
    assert(isKnown, `only ours refuses ${described}: ${message}`);
    return undefined;
  }
  if ("error" in expected) {
    const message = String(expected.error);
    const isKnown = LENIENT.some((pattern) => pattern.test(message));
    assert(isKnown, `only the reference refuses ${described}: ${message}`);
  } else {
    assert.deepStrictEqual(ours.value, expected.value, described);
  }
  return ours.value;
}

/** The reference skips these, with the keys of a map that they stand at, whatever those are. */
function hasUnknownEnumName(desc: DescMessage, json: JsonValue, registry: Registry): boolean {
  const strict = outcome(() => fromJson(desc, json, { registry }));
  return "error" in strict && String(strict.error).includes("cannot decode enum");
}

function read(desc: DescMessage, json: JsonValue, registry: Registry): unknown {
  return withoutEmptyUnknown(fromJson(desc, json, { registry, ignoreUnknownFields: true }));
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

function outcome(run: () => unknown): Outcome {
  try {
    return { value: run() };
  } catch (error) {
    return { error };
  }
}

function applySpoil(
  json: JsonValue,
  { place, value, rename }: { place: number; value: JsonValue; rename: string | null },
): void {
  const places: [Record<string, JsonValue>, string][] = [];
  collect(json, places);
  const chosen = places[place % Math.max(1, places.length)];
  if (chosen === undefined) return;
  const [holder, key] = chosen;
  const name = rename === null || Array.isArray(holder) ? key : rename;
  const chosenValue = rename === null ? structuredClone(value) : holder[key];
  // the reference sets an extension that is null to its default; ours leaves it unset
  if (name.startsWith("[") && chosenValue === null) return;
  Object.defineProperty(holder, name, {
    value: chosenValue,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

function collect(json: JsonValue, places: [Record<string, JsonValue>, string][]): void {
  if (typeof json !== "object" || json === null) return;
  for (const [key, member] of Object.entries(json)) {
    places.push([json as Record<string, JsonValue>, key]);
    collect(member, places);
  }
}
