import assert from "node:assert/strict";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkAgreement, createCandidates } from "./agreement.ts";
import { attempt } from "./attempt.ts";
import { failureOf } from "./failure.ts";
import { keepByteOrderMarks } from "./reference.ts";
import { anySchemaWithMessages, schemaWithMessages } from "./schema-messages.ts";
import { schemaRuns } from "./schema-runs.ts";

const { numRuns, seed, timeout } = schemaRuns;

keepByteOrderMarks();

test("codecs agree with the reference on any message of any schema", { timeout }, () => {
  const holds = fc.property(anySchemaWithMessages, ({ schema, messages }) => {
    const candidates = createCandidates(schema.registry);
    for (const { desc, message } of messages) checkAgreement(candidates, desc, message);
  });
  expect(failureOf(holds, { numRuns, seed })).toBeUndefined();
});

test("the key __proto__ of maps and objects comes back from JSON and binary", { timeout }, () => {
  const any = schemaWithMessages({ protoKeys: true });
  const holds = fc.property(any, ({ schema, messages }) => {
    const { codecs } = createCandidates(schema.registry);
    for (const { desc, message } of messages) {
      const texts = codecs.map((each) => {
        const codec = each.codecs.message(desc);
        const text = attempt(() => codec.toJsonString(message as never));
        const bytes = attempt(() => codec.toBinary(message as never));
        if (text === undefined || bytes === undefined) return undefined;
        const decoded = codec.fromBinary(bytes);
        assert.deepEqual(codec.toBinary(decoded as never), bytes);
        assert.equal(codec.toJsonString(decoded as never), text);
        if (each.options.protoNames !== true) {
          assert.equal(codec.toJsonString(codec.fromJsonString(text) as never), text);
        }
        return text;
      });
      for (let i = 0; i < texts.length; i += 2) assert.equal(texts[i], texts[i + 1]);
    }
  });
  expect(failureOf(holds, { numRuns: numRuns / 2, seed })).toBeUndefined();
});
