import { getOption, hasOption, type DescField, type DescMessage } from "@bufbuild/protobuf";
import type { Message } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import {
  field as fieldRules,
  FieldRulesSchema,
  Ignore,
} from "@kratos-ts/runtime/protos/buf/validate/validate_pb.ts";
import {
  FieldRulesSchema as PgvFieldRulesSchema,
  rules as pgvRules,
} from "@kratos-ts/runtime/protos/validate/validate_pb.ts";

/** The rules of protovalidate or protoc-gen-validate for a field, in one form. */
export interface FieldRules {
  readonly required: boolean;
  /** Whether they say nothing of a field that is empty. */
  readonly ignoreEmpty: boolean;
  /** Rules by their names in the proto: `min_len`, `gte`. */
  readonly rules: ReadonlyMap<string, RuleValue>;
  /** Of a list. */
  readonly items: FieldRules | undefined;
  /** Of a map. */
  readonly keys: FieldRules | undefined;
  readonly values: FieldRules | undefined;
}

/** What a rule is given: numbers of 64 bits as `bigint`. */
export type RuleValue = string | number | bigint | boolean | readonly (string | number | bigint)[];

/** Reads the rules of a field; undefined where there are none that a document could tell. */
export function readFieldRules(field: DescField): FieldRules | undefined {
  if (hasOption(field, fieldRules)) {
    return readRules(FieldRulesSchema, getOption(field, fieldRules));
  }
  if (hasOption(field, pgvRules)) {
    return readRules(PgvFieldRulesSchema, getOption(field, pgvRules));
  }
  return undefined;
}

function readRules(schema: DescMessage, message: Message): FieldRules | undefined {
  return read(reflect(schema, message));
}

function read(all: ReflectMessage): FieldRules | undefined {
  const flag = (owner: ReflectMessage, name: string): boolean => {
    const field = owner.desc.fields.find((candidate) => candidate.name === name);
    return field !== undefined && owner.isSet(field) && owner.get(field) === true;
  };
  const ignore = all.desc.fields.find(({ name }) => name === "ignore");
  const ignored = ignore === undefined ? undefined : all.get(ignore);
  if (ignored === Ignore.ALWAYS) return undefined;

  const oneof = all.desc.oneofs.find(({ name }) => name === "type");
  const kind = oneof && all.oneofCase(oneof);
  const typed = kind && (all.get(kind) as ReflectMessage);
  const pgvMessage = all.desc.fields.find(({ name }) => name === "message");
  const ofMessage =
    pgvMessage?.fieldKind === "message" && all.isSet(pgvMessage)
      ? (all.get(pgvMessage) as ReflectMessage)
      : undefined;
  const rules = new Map<string, RuleValue>();
  const nested: Record<string, FieldRules | undefined> = {};
  for (const field of typed?.fields ?? []) {
    if (!typed!.isSet(field)) continue;
    if (field.fieldKind === "message") {
      const isRules = field.message.name === "FieldRules";
      if (isRules) nested[field.name] = read(typed!.get(field) as ReflectMessage);
    } else if (field.fieldKind === "list") {
      if (field.listKind !== "message") rules.set(field.name, [...typed!.get(field)] as string[]);
    } else rules.set(field.name, typed!.get(field) as RuleValue);
  }
  return {
    required:
      flag(all, "required") ||
      (typed !== undefined && flag(typed, "required")) ||
      (ofMessage !== undefined && flag(ofMessage, "required")),
    ignoreEmpty: ignored === Ignore.IF_ZERO_VALUE || rules.get("ignore_empty") === true,
    rules,
    items: nested["items"],
    keys: nested["keys"],
    values: nested["values"],
  };
}
