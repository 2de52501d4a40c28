import type { DescField, DescMessage } from "@bufbuild/protobuf";

/** A field that the path fills. */
export interface PathField {
  /** In proto names. */
  readonly name: string;
  readonly parents: readonly (DescField & { fieldKind: "message" })[];
  readonly field: DescField;
}

/**
 * Resolves a variable's field path, which is in proto names. Throws an `Error` that says what is wrong
 * with it: unknown, repeated, a map, or a message that has no text.
 */
export function resolvePathField(desc: DescMessage, fieldPath: readonly string[]): PathField {
  const parents: (DescField & { fieldKind: "message" })[] = [];
  const name = fieldPath.join(".");
  let parent = desc;
  for (const [index, part] of fieldPath.entries()) {
    const field = parent.fields.find((field) => field.name === part);
    if (field === undefined) {
      const candidates = parent.fields.map(({ name }) => name).join('", "');
      throw new Error(
        `"${parent.typeName}" has no field "${part}" for the path variable "${name}", it has "${candidates}"`,
      );
    }
    if (field.fieldKind === "list" || field.fieldKind === "map") {
      throw new Error(`path variable "${name}" goes through "${part}", which is repeated or a map`);
    }
    if (index === fieldPath.length - 1) return { name, parents, field };
    if (field.fieldKind !== "message") {
      throw new Error(`path variable "${name}" goes through "${part}", which is no message`);
    }
    parents.push(field);
    parent = field.message;
  }
  throw new Error("a path variable has no name");
}
