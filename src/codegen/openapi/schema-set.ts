import {
  getOption,
  hasOption,
  ScalarType,
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescOneof,
} from "@bufbuild/protobuf";
import {
  field_behavior as fieldBehavior,
  FieldBehavior,
} from "@kratos-ts/runtime/protos/google/api/field_behavior_pb.ts";
import { oneof as oneofRules } from "@kratos-ts/runtime/protos/buf/validate/validate_pb.ts";
import {
  property as propertyAnnotation,
  schema as schemaAnnotation,
} from "@kratos-ts/runtime/protos/openapi/v3/annotations_pb.ts";
import { SchemaSchema } from "@kratos-ts/runtime/protos/openapi/v3/openapi_pb.ts";
import { required as pgvRequired } from "@kratos-ts/runtime/protos/validate/validate_pb.ts";
import { annotationJson } from "./annotation.ts";
import type { Describe } from "./description.ts";
import { readFieldRules, type FieldRules } from "./field-rules.ts";
import { compact, setMember, type JsonObject, type JsonValue } from "./json-object.ts";
import { overlay } from "./overlay.ts";
import { ruleKeywords } from "./rule-keywords.ts";
import { mapKeySchema, scalarSchema } from "./scalar-schema.ts";
import { isHttpBody, wellKnownSchema } from "./well-known-schema.ts";

/** Schemas by what they are of, and what each of them refers to. */
export type MadeSchemas = Map<
  DescMessage | DescEnum,
  { readonly schema: JsonObject; readonly uses: readonly (DescMessage | DescEnum)[] }
>;

/** The schemas of a document: of each message and enum that something refers to, once. */
export class SchemaSet {
  readonly describe: Describe;
  readonly #made: MadeSchemas;
  readonly #schemas = new Map<string, JsonObject>();
  /** What the schema in the making refers to. */
  #uses: (DescMessage | DescEnum)[] = [];

  /** `made` is shared by the documents of a run, each of which holds all that it refers to. */
  constructor(describe: Describe, made: MadeSchemas) {
    this.describe = describe;
    this.#made = made;
  }

  /** All schemas by their names, sorted: their order says nothing of who came first. */
  toJson(): JsonObject {
    const names = [...this.#schemas.keys()].sort();
    return Object.fromEntries(names.map((name) => [name, this.#schemas.get(name)!]));
  }

  /** A reference to the schema of a message, or what a well-known type is in JSON. */
  message(desc: DescMessage): JsonObject {
    if (isHttpBody(desc)) return { type: "object", properties: httpBodyProperties() };
    const known = wellKnownSchema(desc);
    if (known !== undefined) return known;
    this.#add(desc, () => this.object(desc, new Set()));
    return { $ref: `#/components/schemas/${desc.typeName}` };
  }

  /** A reference to the schema of an enum. */
  enum(desc: DescEnum): JsonObject {
    if (desc.typeName === "google.protobuf.NullValue") return { type: "null" };
    this.#add(desc, () => enumSchema(desc, this.describe));
    return { $ref: `#/components/schemas/${desc.typeName}` };
  }

  /** The schema of a message without some of its fields, by their proto names. */
  object(desc: DescMessage, without: ReadonlySet<string>): JsonObject {
    const properties: JsonObject = {};
    const required: string[] = [];
    for (const field of desc.fields) {
      if (without.has(field.name)) continue;
      setMember(properties, field.jsonName, this.field(field));
      if (isRequired(field)) required.push(field.jsonName);
    }
    const choices = desc.oneofs.flatMap((oneof) => oneofSchema(oneof, without) ?? []);
    const schema = compact({
      type: "object",
      description: this.describe(desc),
      deprecated: desc.deprecated || undefined,
      properties: Object.keys(properties).length === 0 ? undefined : properties,
      required: required.length === 0 ? undefined : required,
      ...(choices.length === 1 && choices[0]),
      allOf: choices.length > 1 ? choices : undefined,
    });
    if (!hasOption(desc, schemaAnnotation)) return schema;
    return overlay(schema, annotationJson(SchemaSchema, getOption(desc, schemaAnnotation)));
  }

  /** The schema of a field, with all that is said of it, as a property of its message. */
  field(field: DescField): JsonObject {
    const behavior = readBehavior(field);
    const value = this.value(field);
    const schema = overlay(isAbsentNull(field) ? nullable(value) : value, this.#about(field));
    if (behavior.includes(FieldBehavior.OUTPUT_ONLY)) schema["readOnly"] = true;
    if (behavior.includes(FieldBehavior.INPUT_ONLY)) schema["writeOnly"] = true;
    return annotateField(field, schema);
  }

  /** The schema of what a field holds, with its rules. */
  value(field: DescField): JsonObject {
    const rules = readFieldRules(field);
    switch (field.fieldKind) {
      case "scalar":
        return withRules(
          scalarSchema(field.scalar),
          rules && ruleKeywords(rules, { kind: "scalar", scalar: field.scalar }),
        );
      case "enum":
        return withRules(
          this.enum(field.enum),
          rules && ruleKeywords(rules, { kind: "enum", enum: field.enum }),
        );
      case "message":
        return withRules(this.message(field.message), rules && wrapperKeywords(field, rules));
      case "list":
        return withRules(
          { type: "array", items: this.#item(field, rules?.items) },
          rules && ruleKeywords(rules, { kind: "list" }),
        );
      case "map": {
        const keys = withRules(
          mapKeySchema(field.mapKey) ?? {},
          rules?.keys && ruleKeywords(rules.keys, { kind: "scalar", scalar: field.mapKey }),
        );
        return withRules(
          compact({
            type: "object",
            propertyNames: Object.keys(keys).length === 0 ? undefined : keys,
            additionalProperties: this.#item(field, rules?.values),
          }),
          rules && ruleKeywords(rules, { kind: "map" }),
        );
      }
    }
  }

  #item(
    field: DescField & { fieldKind: "list" | "map" },
    rules: FieldRules | undefined,
  ): JsonObject {
    const { scalar, message } = field;
    if (scalar !== undefined) {
      const keywords = rules && ruleKeywords(rules, { kind: "scalar", scalar });
      return withRules(scalarSchema(scalar), keywords);
    }
    if (message !== undefined) return this.message(message);
    const desc = field.enum!;
    return withRules(this.enum(desc), rules && ruleKeywords(rules, { kind: "enum", enum: desc }));
  }

  #about(field: DescField): JsonObject {
    return compact({
      description: this.describe(field),
      deprecated: field.deprecated || undefined,
    });
  }

  #add(desc: DescMessage | DescEnum, make: () => JsonObject): void {
    this.#uses.push(desc);
    const { typeName } = desc;
    if (this.#schemas.has(typeName)) return;
    // There before it is made: a message may hold itself.
    this.#schemas.set(typeName, {});
    let made = this.#made.get(desc);
    if (made === undefined) {
      const outer = this.#uses;
      const uses: (DescMessage | DescEnum)[] = [];
      this.#uses = uses;
      made = { schema: make(), uses };
      this.#uses = outer;
      this.#made.set(desc, made);
    } else {
      for (const used of made.uses) {
        if (used.kind === "message") this.message(used);
        else this.enum(used);
      }
    }
    this.#schemas.set(typeName, made.schema);
  }
}

/** Whether a request without the field is refused, by any of the ways to say so. */
export function isRequired(field: DescField): boolean {
  if (field.proto.options === undefined) return false;
  if (readBehavior(field).includes(FieldBehavior.REQUIRED)) return true;
  const { required = false, ignoreEmpty = false } = readFieldRules(field) ?? {};
  return required && !ignoreEmpty;
}

/** What `google.api.field_behavior` says of a field. */
export function readBehavior(field: DescField): readonly FieldBehavior[] {
  // Most fields have no options, and reading one makes an empty list of its own.
  return field.proto.options === undefined ? [] : getOption(field, fieldBehavior);
}

/** Lays the annotation of a field over what its proto says. */
export function annotateField(field: DescField, schema: JsonObject): JsonObject {
  if (!hasOption(field, propertyAnnotation)) return schema;
  return overlay(schema, annotationJson(SchemaSchema, getOption(field, propertyAnnotation)));
}

/** Of 64-bit integers and enums in a wrapper as of those without. */
function wrapperKeywords(
  field: DescField & { fieldKind: "message" },
  rules: FieldRules,
): JsonObject {
  const wrapped = field.message.fields[0];
  const isWrapper = field.message.file.proto.name === "google/protobuf/wrappers.proto";
  return isWrapper && wrapped?.fieldKind === "scalar"
    ? ruleKeywords(rules, { kind: "scalar", scalar: wrapped.scalar })
    : {};
}

function withRules(schema: JsonObject, keywords: JsonObject | undefined): JsonObject {
  if (keywords === undefined) return schema;
  const { pattern } = schema;
  // The digits of a 64-bit integer stay what they are.
  if (pattern !== undefined && keywords["pattern"] !== undefined) {
    return { ...schema, allOf: [keywords] };
  }
  return { ...schema, ...keywords };
}

/** Messages that are not set are written as null, unless they are one of several. */
function isAbsentNull(field: DescField): boolean {
  return field.fieldKind === "message" && field.oneof === undefined && !isRequired(field);
}

function nullable(schema: JsonObject): JsonObject {
  if (typeof schema["type"] === "string" && schema["const"] === undefined && !schema["enum"]) {
    return { ...schema, type: [schema["type"], "null"] };
  }
  return Object.keys(schema).length === 0 ? schema : { anyOf: [schema, { type: "null" }] };
}

function enumSchema(desc: DescEnum, describe: Describe): JsonObject {
  const values = desc.values.flatMap((value) => {
    const text = describe(value);
    return text === undefined ? [] : [`- \`${value.name}\`: ${text.replaceAll("\n", " ")}`];
  });
  const text = describe(desc);
  const description = [...(text === undefined ? [] : [text]), values.join("\n")]
    .filter((part) => part !== "")
    .join("\n\n");
  return compact({
    type: "string",
    description: description === "" ? undefined : description,
    deprecated: desc.deprecated || undefined,
    enum: [...new Set(desc.values.map(({ name }) => name))] as JsonValue,
  });
}

/** That at most one member of a oneof is there, or exactly one where that is required. */
function oneofSchema(
  oneof: DescOneof,
  without: ReadonlySet<string>,
): { oneOf: JsonObject[] } | undefined {
  const members = oneof.fields.filter(({ name }) => !without.has(name));
  if (members.length < oneof.fields.length || members.length < 2) return undefined;
  const given = members.map(({ jsonName }) => ({ required: [jsonName] }));
  const required =
    oneof.proto.options !== undefined &&
    (getOption(oneof, oneofRules).required || getOption(oneof, pgvRequired));
  return { oneOf: required ? given : [...given, { not: { anyOf: given } }] };
}

function httpBodyProperties(): JsonObject {
  return {
    contentType: { type: "string" },
    data: scalarSchema(ScalarType.BYTES),
    extensions: { type: "array", items: { type: "object", additionalProperties: true } },
  };
}
