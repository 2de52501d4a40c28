import { create, type DescField, type DescMessage } from "@bufbuild/protobuf";

/** A message seen as its properties. */
export type MessageRecord = Record<string, unknown>;

/** Puts a value where a message of protobuf-es holds this field. */
export function setField(message: MessageRecord, field: DescField, value: unknown): void {
  if (field.oneof === undefined) message[field.localName] = value;
  else message[field.oneof.localName] = { case: field.localName, value };
}

/** What a message, or an object to make one of, holds for this field; undefined when it is not set. */
export function getField(message: MessageRecord, field: DescField): unknown {
  if (field.oneof === undefined) return message[field.localName];
  const choice = message[field.oneof.localName] as { case?: string; value?: unknown } | undefined;
  return choice?.case === field.localName ? choice.value : undefined;
}

/** The message that a singular message field holds; made when it is not there. */
export function openField(
  message: MessageRecord,
  field: DescField & { fieldKind: "message" },
): MessageRecord {
  let inner = getField(message, field);
  if (inner === undefined) {
    inner = create(field.message);
    setField(message, field, inner);
  }
  return inner as MessageRecord;
}

/** Fields by the names that requests may use: as in the proto, and as in JSON. */
export function indexFields(desc: DescMessage): ReadonlyMap<string, DescField> {
  const byName = new Map<string, DescField>();
  for (const field of desc.fields) byName.set(field.jsonName, field);
  for (const field of desc.fields) byName.set(field.name, field); // these win
  return byName;
}

// https://protobuf.dev/programming-guides/field_presence/
const implicitPresence = 2;

/** Whether a value is what a field without presence has when nobody set it. */
export function isAbsent(field: DescField, value: unknown): boolean {
  if (field.fieldKind === "list") return (value as readonly unknown[]).length === 0;
  if (field.fieldKind === "map") return Object.keys(value as object).length === 0;
  if (field.presence !== implicitPresence) return false;
  if (value instanceof Uint8Array) return value.length === 0;
  if ("longAsString" in field && field.longAsString && value === "0") return true;
  return Object.is(value, 0) || value === 0n || value === "" || value === false;
}
