import type { DescMessage, Message } from "@bufbuild/protobuf";
import { setExtension } from "@bufbuild/protobuf";
import fc from "fast-check";
import { reference } from "./agreement.ts";
import type { Contents } from "./arbitrary.ts";
import { anyField, anyMessage } from "./arbitrary.ts";
import type { Schema } from "./schema.ts";
import { anySchema } from "./schema.ts";

/** A message and its type. */
export interface Typed {
  readonly desc: DescMessage;
  readonly message: Message;
}

/** A schema with some messages of its types, extensions included. */
export const anySchemaWithMessages = schemaWithMessages({ longFloats: true });

/** As {@link anySchemaWithMessages}, of these contents. */
export function schemaWithMessages(
  contents: Contents,
): fc.Arbitrary<{ schema: Schema; messages: Typed[] }> {
  return anySchema.chain((schema) =>
    fc.record({
      schema: fc.constant(schema),
      messages: someMessages(schema, { ...contents, anyTypes: schema.messages }),
    }),
  );
}

function someMessages(schema: Schema, contents: Contents): fc.Arbitrary<Typed[]> {
  const each = schema.messages.map((desc) => {
    const message = anyMessage(desc, 2, contents);
    return fc
      .record({ message, ...extensionsOf(schema, desc, contents) })
      .map(({ message, ...extensions }) => {
        for (const extension of schema.registry) {
          if (extension.kind !== "extension") continue;
          const value = (extensions as Record<string, unknown>)[extension.typeName];
          if (value === undefined) continue;
          // throws where the value lacks a required field
          reference(() => setExtension(message, extension, value as never));
        }
        return { desc, message };
      });
  });
  return fc.array(fc.oneof(...each), { minLength: 6, maxLength: 6 });
}

function extensionsOf(
  { registry }: Schema,
  desc: DescMessage,
  contents: Contents,
): Record<string, fc.Arbitrary<unknown>> {
  const result: Record<string, fc.Arbitrary<unknown>> = {};
  for (const extension of registry) {
    if (extension.kind !== "extension" || extension.extendee !== desc) continue;
    const field = { ...extension, kind: "field", parent: desc, localName: extension.typeName };
    const value = anyField(field as never, 1, contents);
    if (value !== undefined) result[extension.typeName] = fc.option(value, { nil: undefined });
  }
  return result;
}
