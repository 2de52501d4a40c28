import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence as Presence } from "@bufbuild/protobuf/wkt";
import type { ServiceFacts } from "../../model/service-facts.ts";
import { pluralize, splitWords, toCamel, toKebab, toPascal, toSnake } from "../names.ts";
import type { ServiceNames } from "../service-stub.ts";

/** What a property of a resource is, in every layer. */
export type PropertyKind =
  "string" | "boolean" | "integer" | "number" | "int64" | "uint64" | "time";

/** A property that the resource's message has, too. */
export interface Property {
  /** Such as `dueTime`, in the message and in TypeScript. */
  readonly name: string;
  /** Such as `due_time`. */
  readonly column: string;
  readonly kind: PropertyKind;
  /** It may be absent. */
  readonly optional: boolean;
}

/** What a service keeps, with its names in all layers. */
export interface Resource {
  /** `Order`. */
  readonly type: string;
  /** `order` and `orders`, as variables; and in words. */
  readonly one: string;
  readonly many: string;
  readonly words: { readonly one: string; readonly many: string; readonly article: string };
  readonly table: string;
  /** `ORDER`, the beginning of its reasons of errors. */
  readonly constant: string;
  /** Such as `order`, the beginning of its files. */
  readonly file: string;
  /** Given by the service. */
  readonly id: Property;
  readonly createTime: Property;
  readonly updateTime: Property;
  /** Given by callers. */
  readonly content: readonly Property[];
  /** The message that stands for it; `undefined`: the proto has none of its name, or one without an id. */
  readonly message: DescMessage | undefined;
  /** Which of `id`, `createTime` and `updateTime` the message has. */
  readonly inMessage: ReadonlySet<Property>;
  /** Fields of the message that are left to the user. */
  readonly skipped: readonly string[];
}

/** Names that the templates use for something else. */
const taken = new Set([
  "Date",
  "Error",
  "KratosError",
  "Logger",
  "Number",
  "Omit",
  "Promise",
  "Record",
  "SqlDatabase",
]);

/** JavaScript's words. */
const keywords =
  /^(arguments|async|await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|eval|export|extends|false|finally|for|function|if|implements|import|in|instanceof|interface|let|new|null|package|private|protected|public|return|static|super|switch|this|throw|true|try|typeof|undefined|var|void|while|with|yield)$/;

/** What the templates call something else. */
const variables =
  /^(after|bare|cells|changed|client|columns|content|database|describe|expect|first|found|from|given|grpc|id|ids|join|kept|later|limit|logger|looks|made|noon|now|open|page|repo|request|rows?|schema|second|service|size|source|test|token|updated|usecase|z)$/;

/** Finds the message that a service is about, by its name: `Order` for `OrderService`. */
export function describeResource(service: ServiceFacts, { className }: ServiceNames): Resource {
  const base = toPascal(className.replace(/Service$/, ""));
  const words = splitWords(base).join("_");
  const many = pluralize(words);
  const variable = (name: string): string =>
    keywords.test(name) || variables.test(name) ? `${name}Item` : name;
  const named = service.name.replace(/(?<=.)Service$/, "");
  const found = service.desc.file.messages.find(({ name }) => name === named);
  const names = [`${toSnake(named)}_id`, "id"];
  const idField = found?.fields.find(
    (field) => names.includes(field.name) && readProperty(field)?.kind === "string",
  );
  const message = idField === undefined ? undefined : found;
  const fields = message?.fields ?? [];
  const time = (...candidates: readonly string[]): DescField | undefined =>
    fields.find((field) => candidates.includes(field.name) && readProperty(field)?.kind === "time");
  const createField = time("create_time", "created_at", "create_at", "created_time");
  const updateField = time("update_time", "updated_at", "update_at", "updated_time");
  const given = (field: DescField | undefined, name: string, kind: PropertyKind): Property => ({
    name: field?.localName ?? toCamel(name),
    column: field?.name ?? name,
    kind,
    optional: false,
  });
  const id = given(idField, "id", "string");
  const createTime = given(createField, "create_time", "time");
  const updateTime = given(updateField, "update_time", "time");
  const rest = fields.filter((field) => ![idField, createField, updateField].includes(field));
  const article = /^[aeio]|^u(?!ni|se)/.test(words) ? "an" : "a";
  return {
    type: taken.has(base) ? `${base}Item` : base,
    one: variable(toCamel(words)),
    many: variable(toCamel(many === words ? `${words}_list` : many)),
    words: { one: words.replaceAll("_", " "), many: many.replaceAll("_", " "), article },
    table: many,
    constant: words.toUpperCase(),
    file: toKebab(base),
    id,
    createTime,
    updateTime,
    content: rest.flatMap((field) => readProperty(field) ?? []),
    message,
    inMessage: new Set([
      ...(idField ? [id] : []),
      ...(createField ? [createTime] : []),
      ...(updateField ? [updateTime] : []),
    ]),
    skipped: rest.filter((field) => readProperty(field) === undefined).map(({ name }) => name),
  };
}

/** `undefined`: a field that cannot be a column as it is. */
export function readProperty(field: DescField): Property | undefined {
  const kind = readKind(field);
  if (kind === undefined || field.oneof !== undefined) return undefined;
  if (field.presence === Presence.LEGACY_REQUIRED) return undefined;
  const optional = field.presence === Presence.EXPLICIT;
  return { name: field.localName, column: field.name, kind, optional };
}

function readKind(field: DescField): PropertyKind | undefined {
  if (field.fieldKind === "message") {
    return field.message.typeName === "google.protobuf.Timestamp" ? "time" : undefined;
  }
  if (field.fieldKind !== "scalar") return undefined;
  switch (field.scalar) {
    case ScalarType.STRING:
      return "string";
    case ScalarType.BOOL:
      return "boolean";
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return "integer";
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return "number";
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return field.longAsString ? undefined : "int64";
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return field.longAsString ? undefined : "uint64";
    default:
      return undefined;
  }
}
