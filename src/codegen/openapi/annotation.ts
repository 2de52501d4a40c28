import type { Message } from "@bufbuild/protobuf";
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { parse } from "yaml";
import { isJsonObject, setMember, type JsonObject, type JsonValue } from "./json-object.ts";

/**
 * An annotation of `openapi.v3`, whose messages are OpenAPI 3.0 in protobuf, as the OpenAPI that it stands
 * for. What has no presence in the proto cannot be told from what was left out: `false`, 0 and `""` say
 * nothing.
 */
export function annotationJson(schema: DescMessage, message: Message): JsonObject {
  const json = messageJson(reflect(schema, message));
  return isJsonObject(json) ? json : {};
}

function messageJson(message: ReflectMessage): JsonValue {
  const { desc } = message;
  switch (desc.name) {
    case "Any":
      return parseAny(message);
    case "SchemaOrReference":
    case "DefaultType":
    case "SpecificationExtension":
    case "AdditionalPropertiesItem":
    case "AnyOrExpression":
      return chosen(message);
    case "StringArray":
      return fieldJson(message, desc.fields[0]!) ?? [];
    case "ItemsItem": {
      const items = fieldJson(message, desc.fields[0]!);
      return Array.isArray(items) ? ((items as JsonValue[])[0] ?? {}) : {};
    }
    default:
      return desc.oneofs.length > 0 ? chosen(message) : objectJson(message);
  }
}

/** The member that is set of a message that stands for one of several. */
function chosen(message: ReflectMessage): JsonValue {
  const field = message.desc.oneofs[0] && message.oneofCase(message.desc.oneofs[0]);
  return (field && fieldJson(message, field, true)) ?? {};
}

function objectJson(message: ReflectMessage): JsonObject {
  const object: JsonObject = {};
  for (const field of message.fields) {
    const value = fieldJson(message, field);
    if (value === undefined) continue;
    // Lists of names and values are members of the object itself.
    if (isNamedList(field)) {
      for (const [name, member] of value as unknown as [string, JsonValue][]) {
        setMember(object, name, member);
      }
    } else object[memberName(field)] = value;
  }
  return message.desc.name === "Schema" ? toNewerSchema(object) : object;
}

function fieldJson(
  message: ReflectMessage,
  field: DescField,
  evenZero = false,
): JsonValue | undefined {
  if (!evenZero && !message.isSet(field)) return undefined;
  if (field.fieldKind === "list") {
    const items = [...message.get(field)];
    if (isNamedList(field)) return items.map((item) => namedJson(item as ReflectMessage));
    return items.map((item) => valueJson(item));
  }
  return valueJson(message.get(field));
}

function namedJson(named: ReflectMessage): JsonValue {
  const [name, value] = named.desc.fields;
  const text = name === undefined ? "" : String(named.get(name));
  return [text, (value && fieldJson(named, value, true)) ?? {}];
}

function valueJson(value: unknown): JsonValue {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return value;
  }
  return messageJson(value as ReflectMessage);
}

function isNamedList(field: DescField): boolean {
  return (
    field.fieldKind === "list" &&
    field.listKind === "message" &&
    field.message.name.startsWith("Named")
  );
}

function memberName({ name, jsonName }: DescField): string {
  return name === "_ref" ? "$ref" : jsonName;
}

function parseAny(message: ReflectMessage): JsonValue {
  const field = message.desc.field["yaml"];
  const text = field === undefined ? "" : String(message.get(field));
  try {
    return (parse(text) ?? null) as JsonValue;
  } catch {
    return text; // what is no YAML was meant as text
  }
}

/** OpenAPI 3.0 said with flags what JSON Schema, and with it OpenAPI 3.1, says with types and numbers. */
function toNewerSchema(schema: JsonObject): JsonObject {
  const { nullable, exclusiveMinimum, exclusiveMaximum, ...rest } = schema;
  const { minimum, maximum, type } = rest;
  if (exclusiveMinimum === true && minimum !== undefined) {
    delete rest["minimum"];
    rest["exclusiveMinimum"] = minimum;
  }
  if (exclusiveMaximum === true && maximum !== undefined) {
    delete rest["maximum"];
    rest["exclusiveMaximum"] = maximum;
  }
  if (nullable === true && typeof type === "string") rest["type"] = [type, "null"];
  return rest;
}
