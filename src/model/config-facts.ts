import {
  ScalarType,
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
} from "@bufbuild/protobuf";
import { FieldOptions_JSType as JsType } from "@bufbuild/protobuf/wkt";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import type { Reporter } from "./reporter.ts";

/** A message or an enum that a configuration file is made of. */
export type ConfigTypeFacts = ConfigMessageFacts | ConfigEnumFacts;

/** A message of a configuration. */
export interface ConfigMessageFacts {
  readonly kind: "message";
  readonly desc: DescMessage;
  readonly fields: readonly ConfigFieldFacts[];
  /** Names in TypeScript of the fields that exclude each other. */
  readonly oneofs: readonly (readonly string[])[];
}

/** An enum of a configuration; its values are written by name. */
export interface ConfigEnumFacts {
  readonly kind: "enum";
  readonly desc: DescEnum;
}

/** A field of a {@link ConfigMessageFacts}. */
export interface ConfigFieldFacts {
  readonly desc: DescField;
  /** In TypeScript: `readTimeout`. */
  readonly localName: string;
  /** As configuration files may spell it, beside `localName`; the name in the proto first. */
  readonly spellings: readonly string[];
  readonly value: ConfigValue;
  /** `default`: has a value when absent; `optional`: stays undefined. */
  readonly presence: "default" | "optional" | "required";
  /** Of a scalar or enum that declares one other than its type's; an enum's is a name. */
  readonly defaultValue: string | number | boolean | undefined;
}

/** What a field holds. */
export type ConfigValue =
  | { readonly kind: ConfigScalar }
  | { readonly kind: "enum"; readonly desc: DescEnum }
  | { readonly kind: "message"; readonly desc: DescMessage }
  | { readonly kind: "list"; readonly item: ConfigValue }
  | {
      readonly kind: "map";
      readonly key: "string" | "integer" | "boolean";
      readonly item: ConfigValue;
    };

/** Values without parts; `integer` is text of any number of digits, `struct` to `anything` are JSON. */
export type ConfigScalar =
  | "string"
  | "boolean"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "integer"
  | "float"
  | "bytes"
  | "duration"
  | "timestamp"
  | "struct"
  | "array"
  | "anything"
  | "empty";

const scalars: Readonly<Record<ScalarType, ConfigScalar>> = {
  [ScalarType.DOUBLE]: "float",
  [ScalarType.FLOAT]: "float",
  [ScalarType.INT64]: "int64",
  [ScalarType.UINT64]: "uint64",
  [ScalarType.INT32]: "int32",
  [ScalarType.FIXED64]: "uint64",
  [ScalarType.FIXED32]: "uint32",
  [ScalarType.BOOL]: "boolean",
  [ScalarType.STRING]: "string",
  [ScalarType.BYTES]: "bytes",
  [ScalarType.UINT32]: "uint32",
  [ScalarType.SFIXED32]: "int32",
  [ScalarType.SFIXED64]: "int64",
  [ScalarType.SINT32]: "int32",
  [ScalarType.SINT64]: "int64",
};

const messages: Readonly<Record<string, ConfigScalar>> = {
  "google.protobuf.Duration": "duration",
  "google.protobuf.Timestamp": "timestamp",
  "google.protobuf.Struct": "struct",
  "google.protobuf.ListValue": "array",
  "google.protobuf.Value": "anything",
  "google.protobuf.Empty": "empty",
};

/** Messages whose absence means something, as it does for wrappers. */
const absentValues: ReadonlySet<ConfigScalar> = new Set(["duration", "timestamp", "anything"]);

/**
 * Reads the messages and enums of a file as parts of a configuration. `isConfig` tells whether another
 * file is generated as configuration too, so that its types can be referred to.
 */
export function readConfigTypes(
  file: DescFile,
  isConfig: (file: DescFile) => boolean,
  reporter: Reporter,
): ConfigTypeFacts[] {
  return [...nestedTypes(file)].flatMap((desc): ConfigTypeFacts[] => {
    if (desc.kind === "enum") return [{ kind: "enum", desc }];
    if (desc.kind !== "message") return [];
    const fields = desc.fields.flatMap((field) => readField(field, isConfig, reporter) ?? []);
    const oneofs = desc.oneofs.map((oneof) => oneof.fields.map((field) => field.localName));
    return [{ kind: "message", desc, fields, oneofs }];
  });
}

function readField(
  desc: DescField,
  isConfig: (file: DescFile) => boolean,
  reporter: Reporter,
): ConfigFieldFacts | undefined {
  const value = readValue(desc, isConfig);
  if (typeof value === "string") {
    reporter.error(
      { declaration: desc },
      `field "${desc.name}" cannot be part of a configuration`,
      value,
    );
    return undefined;
  }
  const { name, jsonName, localName } = desc;
  return {
    desc,
    localName,
    spellings: [...new Set([name, jsonName])].filter((spelling) => spelling !== localName),
    value,
    presence: readPresence(desc, value),
    defaultValue: readDefault(desc),
  };
}

/** The value, or why there is none. */
function readValue(desc: DescField, isConfig: (file: DescFile) => boolean): ConfigValue | string {
  switch (desc.fieldKind) {
    case "scalar":
      return { kind: scalarOf(desc.scalar, desc) };
    case "enum":
      return readEnum(desc.enum, isConfig);
    case "message":
      return readMessage(desc.message, isConfig);
    case "list": {
      const item =
        desc.listKind === "scalar"
          ? { kind: scalarOf(desc.scalar, desc) }
          : desc.listKind === "enum"
            ? readEnum(desc.enum, isConfig)
            : readMessage(desc.message, isConfig);
      return typeof item === "string" ? item : { kind: "list", item };
    }
    case "map": {
      const item =
        desc.mapKind === "scalar"
          ? { kind: scalarOf(desc.scalar, desc) }
          : desc.mapKind === "enum"
            ? readEnum(desc.enum, isConfig)
            : readMessage(desc.message, isConfig);
      if (typeof item === "string") return item;
      const { mapKey } = desc;
      const key =
        mapKey === ScalarType.STRING
          ? "string"
          : mapKey === ScalarType.BOOL
            ? "boolean"
            : "integer";
      return { kind: "map", key, item };
    }
  }
}

function scalarOf(scalar: ScalarType, desc: DescField): ConfigScalar {
  const kind = scalars[scalar];
  const asText = desc.proto.options?.jstype === JsType.JS_STRING;
  return asText && (kind === "int64" || kind === "uint64") ? "integer" : kind;
}

function readEnum(desc: DescEnum, isConfig: (file: DescFile) => boolean): ConfigValue | string {
  return isConfig(desc.file) ? { kind: "enum", desc } : explainForeign(desc);
}

function readMessage(
  desc: DescMessage,
  isConfig: (file: DescFile) => boolean,
): ConfigValue | string {
  const known = messages[desc.typeName];
  if (known !== undefined) return { kind: known };
  const wrapped = wrappedScalar(desc);
  if (wrapped !== undefined) return { kind: scalars[wrapped] };
  if (desc.file.proto.package === "google.protobuf") {
    return `"${desc.typeName}" has no form in YAML: declare a message of your own`;
  }
  return isConfig(desc.file) ? { kind: "message", desc } : explainForeign(desc);
}

function wrappedScalar(desc: DescMessage): ScalarType | undefined {
  if (desc.file.proto.name !== "google/protobuf/wrappers.proto") return undefined;
  return desc.fields[0]?.scalar;
}

function explainForeign(desc: DescEnum | DescMessage): string {
  return `"${desc.typeName}" is declared in "${desc.file.proto.name}", which is no configuration: declare it in the folder of this file`;
}

function readPresence(desc: DescField, value: ConfigValue): ConfigFieldFacts["presence"] {
  if (desc.fieldKind === "list" || desc.fieldKind === "map") return "default";
  if (desc.oneof !== undefined || desc.proto.proto3Optional) return "optional";
  if (desc.presence === presenceOf.legacyRequired) return "required";
  if (desc.fieldKind === "message") {
    const { message } = desc;
    if (wrappedScalar(message) !== undefined) return "optional";
    if (value.kind !== "message") {
      return absentValues.has(value.kind as ConfigScalar) ? "optional" : "default";
    }
    // A message that holds itself would be filled in without end.
    return reaches(message, desc.parent) ? "optional" : "default";
  }
  return desc.presence === presenceOf.explicit && desc.getDefaultValue() === undefined
    ? "optional"
    : "default";
}

/** Values of `google.protobuf.FeatureSet.FieldPresence`, as protobuf-es gives them. */
const presenceOf = { explicit: 1, legacyRequired: 3 } as const;

function readDefault(desc: DescField): ConfigFieldFacts["defaultValue"] {
  if (desc.fieldKind !== "scalar" && desc.fieldKind !== "enum") return undefined;
  const value = desc.getDefaultValue();
  if (desc.fieldKind === "enum") {
    const number = value ?? desc.enum.values[0]?.number;
    return desc.enum.values.find((candidate) => candidate.number === number)?.name;
  }
  if (typeof value === "bigint") return Number(value);
  return value instanceof Uint8Array ? undefined : value;
}

/** Whether an empty `from` would hold a `target`, by fields that are filled in. */
function reaches(from: DescMessage, target: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (from === target) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return from.fields.some(
    (field) =>
      field.fieldKind === "message" &&
      field.oneof === undefined &&
      !field.proto.proto3Optional &&
      messages[field.message.typeName] === undefined &&
      reaches(field.message, target, seen),
  );
}
