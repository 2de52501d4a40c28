import type { DescMessage } from "@bufbuild/protobuf";
import type { JsonObject } from "./json-object.ts";
import { scalarSchema } from "./scalar-schema.ts";

const wrapper = /^google\.protobuf\.(?:Double|Float|U?Int(?:32|64)|Bool|String|Bytes)Value$/;

/** The schema of a message with a form of its own in ProtoJSON; undefined: it is an object of its fields. */
export function wellKnownSchema(desc: DescMessage): JsonObject | undefined {
  const { typeName } = desc;
  const [first] = desc.fields;
  if (wrapper.test(typeName) && first?.fieldKind === "scalar") return scalarSchema(first.scalar);
  switch (typeName) {
    case "google.protobuf.Timestamp":
      return { type: "string", format: "date-time" };
    case "google.protobuf.Duration":
      // Not the format "duration", which is that of ISO 8601.
      return { type: "string", pattern: "^-?[0-9]+(?:\\.[0-9]{1,9})?s$", examples: ["1.5s"] };
    case "google.protobuf.FieldMask":
      return { type: "string", examples: ["name,owner.displayName"] };
    case "google.protobuf.Struct":
      return { type: "object", additionalProperties: true };
    case "google.protobuf.ListValue":
      return { type: "array", items: {} };
    case "google.protobuf.Value":
      return {};
    case "google.protobuf.Empty":
      return { type: "object" };
    case "google.protobuf.Any":
      return {
        type: "object",
        properties: { "@type": { type: "string", description: "The message's type, as a URL." } },
        additionalProperties: true,
      };
    default:
      return undefined;
  }
}

/** Whether a message is written as one string or number, so that a query can hold it. */
export function isTextual({ typeName }: DescMessage): boolean {
  return (
    wrapper.test(typeName) || /^google\.protobuf\.(?:Timestamp|Duration|FieldMask)$/.test(typeName)
  );
}

/** Bytes of any type, in place of a message. */
export function isHttpBody({ typeName }: DescMessage): boolean {
  return typeName === "google.api.HttpBody";
}
