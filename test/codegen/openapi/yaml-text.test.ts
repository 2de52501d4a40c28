import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { JsonValue } from "../../../src/codegen/openapi/json-object.ts";
import { yamlText } from "../../../src/codegen/openapi/yaml-text.ts";

const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({
    unit: fc.constantFrom(..."ab: #-?|>'\"{}[],&*!%@`\n\t\r\\0.~=<\u2028\u0085\ufeff\u0007"),
  }),
  fc.constantFrom("no", "on", "Null", "1.5", "0x1", "2026-01-01", "...", "---", "<<", "/v1/{a}:b"),
);
const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(text, tie("value"), { maxKeys: 4 }) as fc.Arbitrary<JsonValue>,
  ),
}));

test("what is printed is what is read, by YAML 1.2 and 1.1", () => {
  fc.assert(
    fc.property(fc.dictionary(text, value, { maxKeys: 5 }), (members) => {
      const document = JSON.parse(JSON.stringify(members)) as JsonValue;
      const printed = yamlText(document);

      expect(JSON.stringify(parse(printed))).toBe(JSON.stringify(document));
      expect(JSON.stringify(parse(printed, { version: "1.1", merge: false }))).toBe(
        JSON.stringify(document),
      );
    }),
    { numRuns: 300 },
  );
});

test("keys may be of any length", () => {
  const document = { paths: { [`/${"a".repeat(2000)}`]: { get: {} } } };

  expect(isDeepStrictEqual(parse(yamlText(document)), document)).toBe(true);
});

test("text is written as it is where that is safe", () => {
  expect(
    yamlText({ a: "Gets it, (or not).", "/v1/{id}:do": ["x", [], {}], b: [["y"], { c: 1, d: 2 }] }),
  ).toBe(
    'a: Gets it, (or not).\n/v1/{id}:do:\n  - x\n  - []\n  - {}\nb:\n  - - "y"\n  - c: 1\n    d: 2\n',
  );
});
