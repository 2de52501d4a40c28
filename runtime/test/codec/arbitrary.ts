import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { create, ScalarType } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";

type Arbitrary = fc.Arbitrary<unknown>;
type Scalar = ScalarType;

/** What the messages of one test may hold. */
export interface Contents {
  /** The types found in a `google.protobuf.Any`. Default: none, so that each is empty. */
  readonly anyTypes?: readonly DescMessage[];
  /** 32-bit floats whose text is shorter than that of the same double. Default: false. */
  readonly longFloats?: boolean;
  /** The key `__proto__` in maps and objects, which the reference loses. Default: false. */
  readonly protoKeys?: boolean;
}

/** Any message of a type that protobuf can carry and JSON can show, as `create()` makes it. */
export function anyMessage(
  desc: DescMessage,
  depth = 2,
  contents: Contents = {},
): fc.Arbitrary<Message> {
  return special(desc, depth, contents) ?? fromMembers(desc, depth, contents);
}

/** Strings that escaping, UTF-8 and object keys could get wrong. */
const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.string({ unit: "binary-ascii", maxLength: 80 }),
  fc.string({ unit: "binary", minLength: 30, maxLength: 60 }),
  fc.constantFrom(
    "",
    "__proto__",
    "constructor",
    '"\\\b\u0000',
    "\u2028",
    "é".repeat(70),
    "😀",
    "\ufffd",
    "\ufeffmarked",
  ),
);

function fromMembers(desc: DescMessage, depth: number, contents: Contents): fc.Arbitrary<Message> {
  const members: Record<string, Arbitrary> = {};
  const unset = fc.constant(undefined);
  for (const member of desc.members) {
    if (member.kind === "field") {
      const value = anyField(member, depth, contents) ?? unset;
      const required = member.presence === 3;
      const freq = required ? 30 : 3;
      members[member.localName] = fc.option(value, { nil: undefined, freq });
      continue;
    }
    const cases = member.fields.flatMap((field) => {
      const value = anyField(field, depth, contents);
      return value ? [value.map((chosen) => ({ case: field.localName, value: chosen }))] : [];
    });
    members[member.localName] = fc.option(fc.oneof(unset, ...cases), { nil: undefined });
  }
  return fc.record(members).map((init) => create(desc, init));
}

/** Any value of a field as messages hold it; undefined where only messages nested too deep could be. */
export function anyField(
  field: DescField,
  depth: number,
  contents: Contents,
): Arbitrary | undefined {
  const value = anySingle(field, depth, contents);
  if (value === undefined) return undefined;
  if (field.fieldKind === "list") return fc.array(value, { maxLength: field.message ? 2 : 4 });
  if (field.fieldKind === "map") {
    return fc
      .dictionary(anyKey(field.mapKey, contents), value, { maxKeys: 3 })
      .map((map) => Object.fromEntries(Object.entries(map)));
  }
  return value;
}

function anySingle(field: DescField, depth: number, contents: Contents): Arbitrary | undefined {
  if (field.enum !== undefined) {
    if (field.enum.typeName === "google.protobuf.NullValue") return fc.constant(0);
    const known = fc.constantFrom(...field.enum.values.map(({ number }) => number));
    return field.enum.open ? fc.oneof(known, fc.integer()) : known;
  }
  if (field.message !== undefined) {
    if (depth === 0) return undefined;
    const isStruct = field.message.typeName === "google.protobuf.Struct";
    if (isStruct && field.parent.typeName !== "google.protobuf.Value") {
      return anyJsonObject(contents);
    }
    const message = anyMessage(field.message, depth - 1, contents);
    const isWrapper = /^google\.protobuf\.\w+Value$/.test(field.message.typeName);
    const isBare = isWrapper && field.fieldKind === "message" && !field.oneof;
    if (!isBare || !("value" in field.message.field)) return message;
    return message.map((wrapper) => (wrapper as unknown as { value: unknown }).value);
  }
  const isFloat = field.scalar === ScalarType.FLOAT && contents.longFloats === true;
  const value = isFloat ? anyFloat : anyScalar(field.scalar);
  const asText = "longAsString" in field && field.longAsString;
  return asText ? value.map(String) : value;
}

/** Any value of a scalar type, the bounds more often than chance would. */
function anyScalar(scalar: Scalar): Arbitrary {
  switch (scalar) {
    case ScalarType.DOUBLE:
      return fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1e300, 5e-324));
    case ScalarType.FLOAT:
      return fc.oneof(
        fc.integer({ min: -9999, max: 9999 }).map((quarters) => quarters / 4),
        fc.constantFrom(0, -0, NaN, Infinity, 0.1, 3.4028234663852886e38, 16777216),
      );
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, 127, 128, 2147483647, -2147483648));
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return fc.oneof(fc.nat(), fc.constantFrom(0, 127, 128, 16383, 16384, 4294967295));
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return fc.oneof(
        fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
        fc.bigInt({ min: -1000n, max: 1000n }),
        fc.constantFrom(0n, 9007199254740991n, 9007199254740992n, -9007199254740993n, 1n << 53n),
        fc.constantFrom(-(1n << 63n), (1n << 63n) - 1n, 1n << 28n, 1n << 56n, (1n << 56n) - 1n),
      );
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return fc.oneof(
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        fc.bigInt({ min: 0n, max: 1n << 54n }),
        fc.constantFrom(0n, (1n << 64n) - 1n, 1n << 63n, (1n << 32n) - 1n, 1n << 32n),
      );
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.STRING:
      return anyText;
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 200 });
  }
}

function anyKey(scalar: Scalar, { protoKeys = false }: Contents): fc.Arbitrary<string> {
  return anyScalar(scalar)
    .map(String)
    .filter((key) => protoKeys || key !== "__proto__");
}

function anyJsonObject({ protoKeys = false }: Contents): fc.Arbitrary<object> {
  const name = protoKeys ? "__proto__" : "p";
  return fc
    .dictionary(
      anyText.filter((key) => protoKeys || key !== "__proto__"),
      fc
        .jsonValue({ depthSize: "small", stringUnit: "grapheme" })
        .map((value) => JSON.parse(JSON.stringify(value).replaceAll("__proto__", name)) as unknown),
      { maxKeys: 4 },
    )
    .map((object) => Object.fromEntries(Object.entries(object)));
}

function anyPacked(desc: DescMessage, depth: number, contents: Contents): fc.Arbitrary<Message> {
  const { anyTypes = [] } = contents;
  const empty = fc.constant(create(desc));
  if (depth === 0 || anyTypes.length === 0) return empty;
  const packed = fc
    .constantFrom(...anyTypes)
    .chain((type) => anyMessage(type, depth - 1, contents).map((message) => ({ type, message })))
    .map(({ type, message }) => {
      try {
        return anyPack(type, message);
      } catch {
        return create(desc); // a required field is missing inside
      }
    });
  return fc.oneof(empty, packed);
}

function special(
  desc: DescMessage,
  depth: number,
  contents: Contents,
): fc.Arbitrary<Message> | undefined {
  const make = (init: Record<string, unknown>) => create(desc, init);
  switch (desc.typeName) {
    case "google.protobuf.Timestamp":
      return fc
        .record({
          seconds: fc.bigInt({ min: -62135596800n, max: 253402300799n }),
          nanos: anyNanos,
        })
        .map(make);
    case "google.protobuf.Duration":
      return fc
        .record({ seconds: fc.bigInt({ min: 0n, max: 315576000000n }), nanos: anyNanos })
        .chain(({ seconds, nanos }) =>
          fc.constantFrom({ seconds, nanos }, { seconds: -seconds, nanos: 0 - nanos }),
        )
        .map(make);
    case "google.protobuf.FieldMask":
      return fc
        .array(fc.constantFrom("a", "user_id", "book.title_text", "x.y_z.w"), { maxLength: 3 })
        .map((paths) => make({ paths }));
    case "google.protobuf.Any":
      return anyPacked(desc, depth, contents);
    case "google.protobuf.Value": {
      const simple = fc.oneof(
        fc.constant({ case: "nullValue", value: 0 }),
        fc
          .double({ noNaN: true, noDefaultInfinity: true })
          .map((value) => ({ case: "numberValue", value })),
        anyText.map((value) => ({ case: "stringValue", value })),
        fc.boolean().map((value) => ({ case: "boolValue", value })),
      );
      if (depth === 0) return simple.map((kind) => make({ kind }));
      const nested = desc.fields
        .filter((field) => field.message !== undefined)
        .map((field) =>
          fromMembers(field.message as DescMessage, depth - 1, contents).map((value) => ({
            case: field.localName,
            value,
          })),
        );
      return fc.oneof(simple, ...nested).map((kind) => make({ kind }));
    }
    default:
      return undefined;
  }
}

const anyFloat = fc.oneof(
  fc.float(),
  fc.integer({ min: -9999, max: 9999 }).map((cents) => Math.fround(cents / 100)),
  fc.constantFrom(0, -0, NaN, Infinity, 0.1, 3.4028234663852886e38, 1e-45, 16777216),
);

const anyNanos = fc.oneof(
  fc.constantFrom(0, 1, 999_999_999, 500_000_000, 1_000, 123_456_000),
  fc.integer({ min: 0, max: 999_999_999 }),
);
