import type { DescMessage } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { anyFromJson, anyToJson } from "./any.ts";
import type { AnyContext } from "./any.ts";
import { mismatch } from "./codec-error.ts";
import { durationFromJson, durationToText } from "./duration.ts";
import { fieldMaskFromJson, fieldMaskToJson } from "./field-mask.ts";
import { checkDepth } from "./nesting.ts";
import {
  listValueFromJson,
  listValueToJson,
  structFromJson,
  structToJson,
  valueFromJson,
  valueToJson,
} from "./struct.ts";
import { timestampFromJson, timestampToText } from "./timestamp.ts";
import type { SecondsAndNanos } from "./timestamp.ts";
import type { MessageOps, ValueCodec } from "./value-codec.ts";

/** How a message type whose JSON is not an object of its fields is written and read. */
export type JsonForm = Pick<MessageOps, "writeJson" | "readJson">;

const FORMS: Readonly<Record<string, JsonForm>> = {
  "google.protobuf.Timestamp": {
    writeJson: (message) => `"${timestampToText(requireMessage(message, "a Timestamp"))}"`,
    readJson: (json) => ({ $typeName: "google.protobuf.Timestamp", ...timestampFromJson(json) }),
  },
  "google.protobuf.Duration": {
    writeJson: (message) => `"${durationToText(requireMessage(message, "a Duration"))}"`,
    readJson: (json) => ({ $typeName: "google.protobuf.Duration", ...durationFromJson(json) }),
  },
  "google.protobuf.FieldMask": {
    writeJson(message) {
      const { paths = [] } = requireMessage<{ paths?: unknown }>(message, "a FieldMask");
      return fieldMaskToJson(paths);
    },
    readJson: (json) => ({
      $typeName: "google.protobuf.FieldMask",
      paths: fieldMaskFromJson(json),
    }),
  },
  "google.protobuf.Struct": { writeJson: structToJson, readJson: structFromJson },
  "google.protobuf.Value": { writeJson: valueToJson, readJson: valueFromJson },
  "google.protobuf.ListValue": { writeJson: listValueToJson, readJson: listValueFromJson },
};

/** Reports whether the type's JSON is something else than an object of its fields. */
export function hasJsonForm(desc: DescMessage): boolean {
  return (
    Object.hasOwn(FORMS, desc.typeName) ||
    desc.typeName === "google.protobuf.Any" ||
    isWrapperDesc(desc)
  );
}

/**
 * The special JSON of a well-known type; undefined for all other types.
 * `inner` is the codec of a wrapper's value.
 */
export function findJsonForm(
  desc: DescMessage,
  context: AnyContext,
  inner: () => ValueCodec,
): JsonForm | undefined {
  if (desc.typeName === "google.protobuf.Any") {
    return {
      writeJson(message, depth) {
        checkDepth(depth);
        return anyToJson(message, depth, context);
      },
      readJson(json, depth) {
        checkDepth(depth);
        return anyFromJson(json, depth, context);
      },
    };
  }
  if (isWrapperDesc(desc)) {
    const codec = inner();
    return {
      writeJson(message, depth) {
        const { value } = requireMessage<{ value?: unknown }>(message, desc.typeName);
        return codec.writeJson(value ?? codec.zero, depth);
      },
      readJson: (json, depth) => ({
        $typeName: desc.typeName,
        value: json === null ? codec.zero : codec.readJson(json, depth),
      }),
    };
  }
  return Object.hasOwn(FORMS, desc.typeName) ? FORMS[desc.typeName] : undefined;
}

function requireMessage<T extends object = Partial<SecondsAndNanos>>(
  message: unknown,
  expected: string,
): T {
  if (typeof message !== "object" || message === null) throw mismatch(expected, message);
  return message as T;
}
