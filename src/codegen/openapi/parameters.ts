import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { FieldBehavior } from "@kratos-ts/runtime/protos/google/api/field_behavior_pb.ts";
import { compact, type JsonObject } from "./json-object.ts";
import type { PathParameter } from "./path.ts";
import { annotateField, isRequired, readBehavior, type SchemaSet } from "./schema-set.ts";
import { isTextual } from "./well-known-schema.ts";

/** How many parameters a query may have. */
const maxParameters = 1000;

/** The wildcards of a path, as parameters. */
export function pathParameters(
  input: DescMessage,
  parameters: readonly PathParameter[],
  schemas: SchemaSet,
): JsonObject[] {
  return parameters.map(({ name, fieldPath, whole, deep, pattern }) => {
    const field = fieldPath && findField(input, fieldPath);
    const plain = field !== undefined && whole && !deep;
    const schema = plain ? schemas.value(field) : { type: "string" };
    const about = field === undefined ? undefined : schemas.describe(field);
    const notes = [
      ...(pattern === undefined || fieldPath === undefined
        ? []
        : [`A part of \`${fieldPath.join(".")}\`, which is \`${pattern}\`.`]),
      ...(deep ? ["It may hold slashes, and may be empty."] : []),
    ];
    const description = [about, notes.join(" ")].filter(
      (part) => part !== undefined && part !== "",
    );
    return compact({
      name,
      in: "path",
      description: description.length === 0 ? undefined : description.join("\n\n"),
      required: true,
      schema: field === undefined || !plain ? schema : annotateField(field, schema),
    });
  });
}

/** The fields that a query can set, but for those of `bound`, which are paths of proto names. */
export function queryParameters(
  input: DescMessage,
  bound: ReadonlySet<string>,
  schemas: SchemaSet,
): JsonObject[] {
  const parameters: JsonObject[] = [];
  collect(input, [], [], new Set());
  return parameters;

  function collect(
    message: DescMessage,
    names: readonly string[],
    jsonNames: readonly string[],
    inside: ReadonlySet<DescMessage>,
  ): void {
    // A message that holds itself has no end.
    if (inside.has(message)) return;
    const within = new Set([...inside, message]);
    for (const field of message.fields) {
      if (parameters.length >= maxParameters) return;
      const path = [...names, field.name];
      if (bound.has(path.join("."))) continue;
      if (readBehavior(field).includes(FieldBehavior.OUTPUT_ONLY)) continue;
      const json = [...jsonNames, field.jsonName];
      if (field.fieldKind === "message" && !isTextual(field.message)) {
        // What is JSON inside of JSON has no form in a query.
        if (!field.message.typeName.startsWith("google.protobuf.")) {
          collect(field.message, path, json, within);
        }
      } else if (isTextField(field)) {
        parameters.push(toParameter(field, json.join("."), names.length === 0));
      }
    }
  }

  function toParameter(field: DescField, name: string, top: boolean): JsonObject {
    const form = field.fieldKind === "map" ? { style: "deepObject", explode: true } : {};
    return compact({
      name,
      in: "query",
      description: schemas.describe(field),
      required: (top && isRequired(field)) || undefined,
      deprecated: field.deprecated || undefined,
      ...form,
      schema: annotateField(field, schemas.value(field)),
    });
  }
}

function isTextField(field: DescField): boolean {
  switch (field.fieldKind) {
    case "scalar":
    case "enum":
    case "message":
      return true;
    case "list":
      return field.listKind !== "message" || isTextual(field.message);
    case "map":
      return field.mapKind !== "message" || isTextual(field.message);
  }
}

/** The field at a path of proto names; the model has seen to it that there is one. */
function findField(input: DescMessage, names: readonly string[]): DescField | undefined {
  let message: DescMessage | undefined = input;
  let field: DescField | undefined;
  for (const name of names) {
    field = message?.fields.find((candidate) => candidate.name === name);
    message = field?.fieldKind === "message" ? field.message : undefined;
  }
  return field;
}
