import type { DescField, DescMessage } from "@bufbuild/protobuf";

/** What a path of field names leads to, or at which name and why it leads nowhere. */
export type FieldPathResult =
  | { readonly ok: true; readonly field: DescField }
  | { readonly ok: false; readonly reason: string; readonly hint?: string };

/** Follows proto field names from `message` down; only single messages can be gone through. */
export function findFieldPath(message: DescMessage, names: readonly string[]): FieldPathResult {
  let owner = message;
  let field: DescField | undefined;
  for (const name of names) {
    if (field !== undefined) {
      if (field.fieldKind === "list" || field.fieldKind === "map") {
        const kind = field.fieldKind === "map" ? "a map" : "repeated";
        return { ok: false, reason: `goes through "${field.name}", which is ${kind}` };
      }
      if (field.fieldKind !== "message") {
        return { ok: false, reason: `goes through "${field.name}", which is no message` };
      }
      owner = field.message;
    }
    field = findField(owner, name);
    if (field === undefined) {
      return { ok: false, reason: `unknown field "${name}"`, hint: listFields(owner, name) };
    }
  }
  if (field === undefined) throw new Error("an empty field path leads to no field");
  return { ok: true, field };
}

/** The field of `message` with this name in the proto. */
export function findField(message: DescMessage, name: string): DescField | undefined {
  return message.fields.find((field) => field.name === name);
}

const shownFields = 8;

/** What could have been meant by `name`: the fields of `message`, the most alike first. */
export function listFields(message: DescMessage, name: string): string {
  if (message.fields.length === 0) return `message "${message.typeName}" has no fields`;
  const wanted = normalise(name);
  const names = message.fields
    .map((field) => field.name)
    .sort((a, b) => likeness(normalise(b), wanted) - likeness(normalise(a), wanted));
  const shown = names.slice(0, shownFields).map((field) => `"${field}"`);
  const rest = names.length > shownFields ? ` and ${names.length - shownFields} more` : "";
  return `fields of "${message.typeName}": ${shown.join(", ")}${rest}`;
}

function normalise(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

/** The share of neighbouring letters that two names have in common (Dice's coefficient). */
function likeness(a: string, b: string): number {
  if (a === b) return 1;
  const pairs = pairsOf(a);
  const shared = pairsOf(b).filter((pair) => pairs.includes(pair)).length;
  return (2 * shared) / Math.max(1, a.length + b.length - 2);
}

function pairsOf(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => text.slice(i, i + 2));
}
