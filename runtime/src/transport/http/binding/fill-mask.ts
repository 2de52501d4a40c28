import { create, type DescField, type DescMessage } from "@bufbuild/protobuf";
import type { HttpBinding } from "../../method.ts";
import { getField, indexFields, type MessageRecord, setField } from "./field-access.ts";
import type { RequestBody } from "./message-body.ts";

/** Fills the field mask of a request that has none with the fields that its body holds. */
export type MaskFiller = (message: MessageRecord, body: RequestBody) => void;

/**
 * Compiles it for a `PATCH` whose body is a message in one field, of a request with one field mask; for other
 * rules returns undefined. Paths start at the message that the body is, and lead to what is a value there:
 * scalars, lists, maps and well-known types. Bodies that are no JSON do not tell what was left out of them.
 */
export function compileMaskFiller(input: DescMessage, rule: HttpBinding): MaskFiller | undefined {
  const body = input.fields.find(({ name }) => name === rule.body);
  const [mask, ...others] = input.fields.filter(isFieldMask);
  if (rule.method !== "PATCH" || body === undefined || !isPlainMessage(body)) return undefined;
  if (mask === undefined || others.length > 0) return undefined;
  const paths = new PathCollector();
  return (message, { bytes, format }) => {
    if (format !== "json" || bytes.length === 0) return;
    const given = getField(message, mask) as { readonly paths: readonly string[] } | undefined;
    if (given !== undefined && given.paths.length > 0) return;
    const found = paths.collect(body.message, JSON.parse(bytes.toString()));
    if (found.length > 0)
      setField(message, mask, create(mask.message, { paths: found } as MessageRecord));
  };
}

type MessageField = DescField & { readonly fieldKind: "message" };

/** Lists what a message in JSON holds, by names as in the proto. The JSON has been read as such a message. */
class PathCollector {
  readonly #fields = new Map<DescMessage, ReadonlyMap<string, DescField>>();

  collect(desc: DescMessage, json: unknown): string[] {
    const paths: string[] = [];
    this.#collect(desc, json, "", paths);
    return paths;
  }

  #collect(desc: DescMessage, json: unknown, prefix: string, paths: string[]): void {
    if (typeof json !== "object" || json === null) return;
    for (const [name, value] of Object.entries(json)) {
      const field = this.#fieldsOf(desc).get(name);
      if (field === undefined) continue;
      const path = prefix + field.name;
      const before = paths.length;
      if (isPlainMessage(field)) this.#collect(field.message, value, `${path}.`, paths);
      // Null and an empty object clear the whole of it.
      if (paths.length === before) paths.push(path);
    }
  }

  #fieldsOf(desc: DescMessage): ReadonlyMap<string, DescField> {
    let fields = this.#fields.get(desc);
    if (fields === undefined) this.#fields.set(desc, (fields = indexFields(desc)));
    return fields;
  }
}

function isFieldMask(field: DescField): field is MessageField {
  return field.fieldKind === "message" && field.message.typeName === "google.protobuf.FieldMask";
}

/** Whether a field is a message whose JSON has its fields as members. */
function isPlainMessage(field: DescField): field is MessageField {
  if (field.fieldKind !== "message") return false;
  const { typeName } = field.message;
  return !typeName.startsWith("google.protobuf.") && typeName !== "google.api.HttpBody";
}
