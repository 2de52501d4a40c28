import type { DescMessage, FileRegistry } from "@bufbuild/protobuf";
import { create, createFileRegistry, toJsonString } from "@bufbuild/protobuf";
import type { DescriptorProto, FieldDescriptorProto } from "@bufbuild/protobuf/wkt";
import {
  DescriptorProto_ExtensionRangeSchema,
  DescriptorProtoSchema,
  Edition,
  EnumDescriptorProtoSchema,
  FeatureSet_EnumType,
  FeatureSet_FieldPresence,
  FeatureSet_MessageEncoding,
  FeatureSet_RepeatedFieldEncoding,
  FeatureSet_Utf8Validation,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
  FieldOptions_JSType,
  file_google_protobuf_any,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
  FileDescriptorProtoSchema,
  OneofDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { anyName, localNameOf } from "./schema-names.ts";

/** A .proto file made at random, as a compiler would have accepted it. */
export interface Schema {
  readonly registry: FileRegistry;
  /** Its messages, without the entries of maps. */
  readonly messages: readonly DescMessage[];
  /** What a failing test shows. */
  [fc.toStringMethod](): string;
}

type Draw = fc.GeneratorValue;
type Syntax = "proto2" | "proto3" | "editions";
type FieldInit = Partial<Omit<FieldDescriptorProto, "$typeName" | "$unknown">>;

const IMPORTS = [
  file_google_protobuf_any,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
];
const WELL_KNOWN = IMPORTS.flatMap((file) => file.messages.map(({ typeName }) => `.${typeName}`));
const SCALARS = Object.values(Type).filter(
  (type): type is Type =>
    typeof type === "number" && ![Type.GROUP, Type.MESSAGE, Type.ENUM].includes(type),
);
const PACKABLE: readonly Type[] = SCALARS.filter(
  (type) => type !== Type.STRING && type !== Type.BYTES,
);
const KEYS = SCALARS.filter((type) => ![Type.DOUBLE, Type.FLOAT, Type.BYTES].includes(type));
const LONGS = [Type.INT64, Type.UINT64, Type.SINT64, Type.FIXED64, Type.SFIXED64];
const NUMBERS = [1, 15, 16, 2047, 2048, 18_999, 20_000, 268_435_456, 536_870_911];
/** Where extensions may stand: apart from the numbers of fields. */
const EXTENSIONS = { start: 100_000, end: 100_010 };

/** Schemas of any syntax, with hostile names and numbers, in which messages contain each other. */
export const anySchema: fc.Arbitrary<Schema> = fc
  .gen()
  .map((draw) => new SchemaMaker(draw).make())
  .filter((schema) => schema.messages.length > 0);

class SchemaMaker {
  private readonly draw: Draw;
  private readonly syntax: Syntax;
  /** Whether JSON names may be proto names of other fields, of which the reference confuses some. */
  private readonly hasClashes: boolean;
  private readonly messages: DescriptorProto[];
  private readonly enums: { name: string; isClosed: boolean; numbers: number[]; names: string[] }[];

  constructor(draw: Draw) {
    this.draw = draw;
    this.syntax = this.pick(["proto2", "proto3", "editions"]);
    this.hasClashes = this.upTo(7) === 0;
    const names = this.upTo(3) + 1;
    this.messages = Array.from({ length: names }, (_, i) =>
      create(DescriptorProtoSchema, { name: i === 0 ? "constructor" : `M${i}` }),
    );
    this.enums = Array.from({ length: this.upTo(1) + 1 }, (_, i) => this.makeEnum(`E${i}`));
  }

  make(): Schema {
    for (const message of this.messages) this.fill(message);
    const extendable = this.syntax === "proto3" ? [] : this.messages.slice(0, 1);
    for (const message of extendable) {
      message.extensionRange = [create(DescriptorProto_ExtensionRangeSchema, EXTENSIONS)];
    }
    const file = create(FileDescriptorProtoSchema, {
      name: "random.proto",
      package: "random.v1",
      syntax: this.syntax,
      edition: this.syntax === "editions" ? Edition.EDITION_2023 : Edition.EDITION_UNKNOWN,
      dependency: IMPORTS.map(({ proto }) => proto.name),
      messageType: this.messages,
      enumType: this.enums.map(({ name, isClosed, numbers, names }) =>
        create(EnumDescriptorProtoSchema, {
          name,
          value: numbers.map((number, i) => ({ name: names[i] as string, number })) as never,
          options: {
            allowAlias: true,
            ...(this.syntax === "editions" && {
              features: {
                enumType: isClosed ? FeatureSet_EnumType.CLOSED : FeatureSet_EnumType.OPEN,
              },
            }),
          } as never,
        }),
      ),
      extension: extendable.flatMap((message) => this.extensionsOf(message)),
    });
    const registry = createFileRegistry(file, (name) =>
      IMPORTS.find(({ proto }) => proto.name === name),
    );
    const messages = [...registry].filter(
      (desc): desc is DescMessage => desc.kind === "message" && desc.file.proto === file,
    );
    const text = toJsonString(FileDescriptorProtoSchema, file);
    return { registry, messages, [fc.toStringMethod]: () => text };
  }

  private fill(message: DescriptorProto): void {
    const taken = { names: new Set<string>(), locals: new Set<string>(), json: new Set<string>() };
    const oneofs = Array.from({ length: this.upTo(2) }, () => this.nameFor(taken));
    const numbers = new Set<number>();
    const fields: FieldInit[] = [];
    const count = this.upTo(9);
    for (let i = 0; i < count; i++) {
      const name = this.nameFor(taken);
      const number = this.numberFor(numbers);
      const jsonName = this.jsonNameFor(name, fields, taken.json);
      fields.push({
        name,
        number,
        jsonName,
        ...this.shapeOf(message, name, number, oneofs.length),
      });
    }
    // what a compiler refuses: oneofs without fields, and fields of one oneof apart from each other
    const used = oneofs.map((_, i) => fields.some(({ oneofIndex }) => oneofIndex === i));
    const kept = oneofs.filter((_, i) => used[i]);
    const synthetic: string[] = [];
    for (const field of fields) {
      if (field.oneofIndex !== undefined) {
        field.oneofIndex = kept.indexOf(oneofs[field.oneofIndex] as string);
      } else if (field.proto3Optional) {
        field.oneofIndex = kept.length + synthetic.push(`_${field.name}`) - 1;
      }
    }
    message.oneofDecl = [...kept, ...synthetic].map((name) =>
      create(OneofDescriptorProtoSchema, { name }),
    );
    message.field = fields.map((field) => create(FieldDescriptorProtoSchema, field));
  }

  private shapeOf(
    message: DescriptorProto,
    name: string,
    number: number,
    oneofs: number,
  ): FieldInit {
    const value = this.valueType();
    switch (this.upTo(9)) {
      case 0:
      case 1:
        return this.mapOf(message, number, value);
      case 2:
      case 3:
      case 4:
        return {
          ...value,
          label: Label.REPEATED,
          options: this.optionsOf(value, true),
        } as FieldInit;
      case 5:
        if (this.syntax === "proto2" && !(localNameOf(name) in {})) {
          return this.groupOf(message, name);
        }
        break;
      case 6:
      case 7:
        if (oneofs === 0) break;
        return {
          ...value,
          label: Label.OPTIONAL,
          oneofIndex: this.upTo(oneofs - 1),
          options: this.optionsOf(value, false, true),
        } as FieldInit;
      default:
    }
    const isScalar = value.type !== Type.MESSAGE;
    // the reference would take a function of Object.prototype for the message
    if (!isScalar && localNameOf(name) in {}) return { ...value, label: Label.REPEATED };
    const isRequired = this.syntax === "proto2" && isScalar && this.upTo(9) === 0;
    const options = this.optionsOf(value, false);
    const isImplicit = options.features?.["fieldPresence"] === FeatureSet_FieldPresence.IMPLICIT;
    return {
      ...value,
      label: isRequired ? Label.REQUIRED : Label.OPTIONAL,
      proto3Optional: this.syntax === "proto3" && this.upTo(2) === 0,
      ...(this.syntax !== "proto3" && !isImplicit && this.defaultOf(value)),
      options,
    } as FieldInit;
  }

  private valueType(): FieldInit {
    const choice = this.upTo(9);
    if (choice < 5) return { type: this.pick(SCALARS) };
    if (choice < 6) {
      const chosen = this.pick(this.enums).name;
      return { type: Type.ENUM, typeName: `.random.v1.${chosen}` };
    }
    if (choice < 8) return { type: Type.MESSAGE, typeName: this.pick(WELL_KNOWN) };
    if (choice < 9 && this.syntax !== "proto2") {
      return { type: Type.ENUM, typeName: ".google.protobuf.NullValue" };
    }
    return { type: Type.MESSAGE, typeName: `.random.v1.${this.pick(this.messages).name}` };
  }

  private optionsOf(
    value: FieldInit,
    isList: boolean,
    isOneof = false,
  ): Record<string, unknown> & { features?: Record<string, unknown> } {
    const type = value.type as Type;
    const isPackable = PACKABLE.includes(type) || type === Type.ENUM;
    const options: Record<string, unknown> = {};
    if (LONGS.includes(type) && this.upTo(3) === 0)
      options["jstype"] = FieldOptions_JSType.JS_STRING;
    if (this.syntax !== "editions") {
      if (isList && isPackable && this.upTo(1) === 0) options["packed"] = this.upTo(1) === 0;
      return options;
    }
    const features: Record<string, unknown> = {};
    const isLost = type === Type.ENUM && this.isClosed(value.typeName);
    if (!isList && !isOneof && type !== Type.MESSAGE && !isLost && this.upTo(1) === 0) {
      features["fieldPresence"] = FeatureSet_FieldPresence.IMPLICIT;
    }
    if (isList && isPackable && this.upTo(1) === 0) {
      features["repeatedFieldEncoding"] = FeatureSet_RepeatedFieldEncoding.EXPANDED;
    }
    if (type === Type.STRING && this.upTo(1) === 0) {
      features["utf8Validation"] = FeatureSet_Utf8Validation.NONE;
    }
    if (type === Type.MESSAGE && this.upTo(1) === 0) {
      features["messageEncoding"] = FeatureSet_MessageEncoding.DELIMITED;
    }
    return { ...options, features };
  }

  private mapOf(message: DescriptorProto, number: number, value: FieldInit): FieldInit {
    const name = `Entry${number}`;
    message.nestedType.push(
      create(DescriptorProtoSchema, {
        name,
        options: { mapEntry: true },
        field: [
          { name: "key", jsonName: "key", number: 1, label: Label.OPTIONAL, type: this.pick(KEYS) },
          { name: "value", jsonName: "value", number: 2, label: Label.OPTIONAL, ...value } as never,
        ],
      }),
    );
    return {
      type: Type.MESSAGE,
      typeName: `.random.v1.${message.name}.${name}`,
      label: Label.REPEATED,
    };
  }

  private groupOf(message: DescriptorProto, name: string): FieldInit {
    const group = create(DescriptorProtoSchema, { name: `Group_${name}` });
    message.nestedType.push(group);
    group.field = [Type.STRING, Type.INT32].map((type, i) =>
      create(FieldDescriptorProtoSchema, {
        name: `g${i}`,
        jsonName: `g${i}`,
        number: i + 1,
        label: Label.OPTIONAL,
        type,
      }),
    );
    return {
      type: Type.GROUP,
      typeName: `.random.v1.${message.name}.${group.name}`,
      label: this.pick([Label.OPTIONAL, Label.REPEATED]),
    };
  }

  private extensionsOf(message: DescriptorProto): FieldDescriptorProto[] {
    return Array.from({ length: this.upTo(3) }, (_, i) => {
      const isList = this.upTo(1) === 0;
      const value = this.valueType();
      const options = this.optionsOf(value, isList, true);
      return create(FieldDescriptorProtoSchema, {
        ...value,
        name: `ext${i}`,
        jsonName: `ext${i}`,
        number: EXTENSIONS.start + i,
        extendee: `.random.v1.${message.name}`,
        label: isList ? Label.REPEATED : Label.OPTIONAL,
        options,
      } as never);
    });
  }

  private makeEnum(name: string): SchemaMaker["enums"][number] {
    const isClosed = this.syntax === "proto2" || (this.syntax === "editions" && this.upTo(1) === 0);
    const first = isClosed ? this.pick([0, 1, -3]) : 0;
    const others = Array.from({ length: this.upTo(4) }, () =>
      this.pick([0, 1, 2, 7, 255, 256, -1, -2147483648, 2147483647]),
    );
    const names = ["constructor", "__proto__", "toString", "NULL", "A", "a"];
    return { name, isClosed, numbers: [first, ...others], names };
  }

  private isClosed(typeName: string | undefined): boolean {
    return this.enums.some(({ name, isClosed }) => isClosed && typeName === `.random.v1.${name}`);
  }

  private defaultOf(value: FieldInit): { defaultValue?: string } {
    if (this.upTo(1) === 0) return {};
    switch (value.type) {
      case Type.STRING:
        return { defaultValue: 'de"fault\n' };
      case Type.BYTES:
        return { defaultValue: "\\001\\377x" };
      case Type.BOOL:
        return { defaultValue: "true" };
      case Type.DOUBLE:
      case Type.FLOAT:
        return { defaultValue: this.pick(["inf", "-inf", "nan", "1.5"]) };
      case Type.ENUM: {
        const known = this.enums.find(({ name }) => value.typeName === `.random.v1.${name}`);
        return known === undefined
          ? {}
          : { defaultValue: known.names[known.numbers.length - 1] as string };
      }
      case Type.MESSAGE:
        return {};
      default:
        return { defaultValue: "7" };
    }
  }

  private nameFor(taken: { names: Set<string>; locals: Set<string> }): string {
    for (;;) {
      const name = this.draw(() => anyName);
      const local = localNameOf(name);
      if (taken.names.has(name) || taken.locals.has(local)) continue;
      taken.names.add(name);
      taken.locals.add(local);
      return name;
    }
  }

  private numberFor(taken: Set<number>): number {
    for (;;) {
      const number = this.upTo(1) === 0 ? this.pick(NUMBERS) : this.upTo(99) + 1;
      if (taken.has(number)) continue;
      taken.add(number);
      return number;
    }
  }

  /** As the compiler derives it, or as an option may set it: also to another field's name. */
  private jsonNameFor(name: string, others: readonly FieldInit[], taken: Set<string>): string {
    const candidates = [
      ...(this.hasClashes ? others.map((other) => other.name as string) : []),
      ...(this.upTo(4) === 0 ? this.draw(fc.shuffledSubarray, ODD_JSON_NAMES) : []),
      localNameOf(name).replace(/\$$/, ""),
      name,
      `json name of ${name}`,
    ];
    // the reference loses "__proto__"; fields of that JSON name have a test of their own
    const isFree = (candidate: string) => candidate !== "__proto__" && !taken.has(candidate);
    const chosen = candidates.find(isFree) as string;
    taken.add(chosen);
    return chosen;
  }

  private upTo(max: number): number {
    return this.draw(fc.nat, { max });
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.upTo(items.length - 1)] as T;
  }
}

const ODD_JSON_NAMES = ["", "$typeName", "constructor", 'a "b"\\\n\u2028`${x}', "é😀", "0", "-1"];
