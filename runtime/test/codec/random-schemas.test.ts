import type { DescMessage, Message } from "@bufbuild/protobuf";
import { setExtension } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkAgreement, createCandidates, reference } from "./agreement.ts";
import { anyField, anyMessage } from "./arbitrary.ts";
import { failureOf } from "./failure.ts";
import { keepByteOrderMarks } from "./reference.ts";
import type { Schema } from "./schema.ts";
import { anySchema } from "./schema.ts";

// CODEC_SCHEMAS=5000 CODEC_SEED=1 npx vitest run … looks further than every run of the tests does
const numRuns = Number(process.env["CODEC_SCHEMAS"] ?? 60);
const seed = Number(process.env["CODEC_SEED"] ?? 2026);
const timeout = 20_000 + numRuns * 400;

keepByteOrderMarks();

test("codecs agree with the reference on any message of any schema", { timeout }, () => {
  const any = anySchema.chain((schema) =>
    fc.record({ schema: fc.constant(schema), messages: someMessages(schema) }),
  );
  const holds = fc.property(any, ({ schema, messages }) => {
    const candidates = createCandidates(schema.registry);
    for (const { desc, message } of messages) checkAgreement(candidates, desc, message);
  });
  expect(failureOf(holds, { numRuns, seed })).toBeUndefined();
});

function someMessages(schema: Schema): fc.Arbitrary<{ desc: DescMessage; message: Message }[]> {
  const each = schema.messages.map((desc) =>
    fc
      .record({
        message: anyMessage(desc, 2, { anyTypes: schema.messages }),
        ...extensionsOf(schema, desc),
      })
      .map(({ message, ...extensions }) => {
        for (const extension of schema.registry) {
          if (extension.kind !== "extension") continue;
          const value = (extensions as Record<string, unknown>)[extension.typeName];
          // throws where the value lacks a required field
          if (value !== undefined)
            reference(() => setExtension(message, extension, value as never));
        }
        return { desc, message };
      }),
  );
  return fc.array(fc.oneof(...each), { minLength: 6, maxLength: 6 });
}

function extensionsOf(
  { registry, messages }: Schema,
  desc: DescMessage,
): Record<string, fc.Arbitrary<unknown>> {
  const result: Record<string, fc.Arbitrary<unknown>> = {};
  for (const extension of registry) {
    if (extension.kind !== "extension" || extension.extendee !== desc) continue;
    const field = { ...extension, kind: "field", parent: desc, localName: extension.typeName };
    const value = anyField(field as never, 1, { anyTypes: messages });
    if (value !== undefined) result[extension.typeName] = fc.option(value, { nil: undefined });
  }
  return result;
}
