import type { DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { ScalarType, create } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { tagOf, Wire } from "./wire.ts";
import type { MapKey } from "./map-key.ts";
import { mapKeyOf } from "./map-key.ts";
import type { ValueCodec } from "./value-codec.ts";

/** `FieldPresence.IMPLICIT` of descriptor.proto: a zero value is an unset field. */
const IMPLICIT = 2;
/** `FieldPresence.LEGACY_REQUIRED`: proto2's `required`. */
const REQUIRED = 3;

/** Where in the message the field's values lie. */
export type Presence =
  /** Always there; a zero value is unset. Lists and maps are unset when empty. */
  | "implicit"
  /** There when not undefined. */
  | "optional"
  /** As optional, but messages have defaults on their prototype (proto2, editions). */
  | "own";

/** What the codecs need to know of a field. Facts only; computed once per message type. */
export interface FieldPlan {
  readonly field: DescField;
  readonly shape: "single" | "list" | "map";
  /**
   * The proto name, where JSON may spell the field so too: not where it is the same, nor where it is
   * the JSON name of another field.
   */
  readonly otherName: string | undefined;
  /** The value, the list's item or the map's value. */
  readonly value: ValueCodec;
  /** Of a map. */
  readonly key: MapKey | undefined;
  readonly presence: Presence;
  readonly oneof: DescOneof | undefined;
  readonly required: boolean;
  readonly packed: boolean;
  /** The tag that the field is written with. */
  readonly tag: number;
  /** Of a singular enum that is closed: its numbers, the others go to `$unknown`. */
  readonly closed: ReadonlySet<number> | undefined;
  /** The JSON of an unset field where unset fields are written; undefined where it is left out. */
  readonly unsetJson: string | undefined;
}

/** What the codecs need to know of a message type. */
export interface MessagePlan {
  readonly desc: DescMessage;
  /** In the order of the .proto file. */
  readonly fields: readonly FieldPlan[];
  /** In the order of field numbers. */
  readonly sorted: readonly FieldPlan[];
  /** Messages have a prototype with default values, as `create()` makes it. */
  readonly hasPrototype: boolean;
  /** What `create()` puts in a new message, in its order, `$typeName` included. */
  readonly initial: Readonly<Record<string, unknown>>;
}

/** Computes the facts of a message type. `valueOf` finds the codec of a field's values. */
export function planMessage(
  desc: DescMessage,
  valueOf: (field: DescField) => ValueCodec,
): MessagePlan {
  const initial = create(desc);
  const hasPrototype = Object.getPrototypeOf(initial) !== Object.prototype;
  const jsonNames = new Set(desc.fields.map((field) => field.jsonName));
  const fields = desc.fields.map((field) => ({
    ...planField(field, valueOf(field), hasPrototype),
    otherName: jsonNames.has(field.name) ? undefined : field.name,
  }));
  return {
    desc,
    fields,
    sorted: fields.toSorted((a, b) => a.field.number - b.field.number),
    hasPrototype,
    initial: { ...initial },
  };
}

/** How a message stands in a field: as itself, or as the plain value that stands for it. */
export function formOf(field: DescField): "message" | "wrapper" | "struct" {
  if (field.message === undefined) return "message";
  if (field.fieldKind === "message" && field.oneof === undefined && isWrapperDesc(field.message)) {
    return "wrapper";
  }
  const isStruct = field.message.typeName === "google.protobuf.Struct";
  return isStruct && field.parent.typeName !== "google.protobuf.Value" ? "struct" : "message";
}

function planField(
  field: DescField,
  value: ValueCodec,
  hasPrototype: boolean,
): Omit<FieldPlan, "otherName"> {
  const shape =
    field.fieldKind === "list" || field.fieldKind === "map" ? field.fieldKind : "single";
  const packed = field.fieldKind === "list" && field.packed;
  const presence = presenceOf(field, hasPrototype);
  return {
    field,
    shape,
    value,
    key: field.fieldKind === "map" ? mapKeyOf(field.mapKey, field.utf8Validation) : undefined,
    presence,
    oneof: shape === "single" ? field.oneof : undefined,
    required: field.presence === REQUIRED,
    packed,
    tag: tagOf(field.number, wireTypeOf(shape, packed, value)),
    closed:
      field.fieldKind === "enum" && !field.enum.open
        ? new Set(field.enum.values.map(({ number }) => number))
        : undefined,
    unsetJson: unsetJsonOf(field, value, shape, presence),
  };
}

function presenceOf(field: DescField, hasPrototype: boolean): Presence {
  if (field.presence === IMPLICIT) return "implicit";
  return hasPrototype && field.fieldKind !== "message" && !field.oneof ? "own" : "optional";
}

function wireTypeOf(shape: FieldPlan["shape"], packed: boolean, value: ValueCodec): number {
  return shape === "map" || packed ? Wire.delimited : value.wireType;
}

/**
 * The rule of `emitDefaults`. As Kratos (Go's EmitUnpopulated) does: the zero value of a field
 * without presence, `[]`, `{}`, and `null` for an unset message. Left out are members of a oneof,
 * scalars and enums with presence (`optional`), and `google.protobuf.Value`, where a `null` would
 * not read back as unset.
 */
function unsetJsonOf(
  field: DescField,
  value: ValueCodec,
  shape: FieldPlan["shape"],
  presence: Presence,
): string | undefined {
  if (shape === "list") return "[]";
  if (shape === "map") return "{}";
  if (field.oneof !== undefined) return undefined;
  if (presence === "implicit") return value.writeJson(value.zero, 0);
  return field.fieldKind === "message" && !value.nullable ? "null" : undefined;
}

/** Reports whether a scalar field's text must be valid UTF-8 on the wire. */
export function strictUtf8(field: DescField): boolean {
  return field.scalar === ScalarType.STRING && field.utf8Validation;
}
