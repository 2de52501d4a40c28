import type { DescField, DescMessage, JsonValue, Message, Registry } from "@bufbuild/protobuf";
import { fromBinary, getExtension, hasExtension, ScalarType, toJson } from "@bufbuild/protobuf";
import type { ReflectMessage } from "@bufbuild/protobuf/reflect";
import { reflect } from "@bufbuild/protobuf/reflect";
import { configureTextEncoding, getTextEncoding } from "@bufbuild/protobuf/wire";
import type { Any } from "@bufbuild/protobuf/wkt";
import type { JsonOptions } from "@kratos-ts/runtime/codec";
import { hasJsonForm } from "../../src/codec/well-known.ts";

// What `@bufbuild/protobuf` gives, corrected by the differences that the doc comment of createCodecs
// lists: each has its place below, so that everything else must agree.

const FLOAT32_MAX = 3.4028234663852886e38;

type Json = Record<string, JsonValue>;

/** Lets the reference keep a byte order mark at the front of a text, as our codecs do. */
export function keepByteOrderMarks(): void {
  const lax = new TextDecoder("utf-8", { ignoreBOM: true });
  const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
  configureTextEncoding({
    ...getTextEncoding(),
    decodeUtf8: (bytes, isStrict) => (isStrict === true ? strict : lax).decode(bytes),
  });
}

/** The JSON that our codecs should write for a message, as `JSON.parse` reads it. */
export function expectedJson(
  desc: DescMessage,
  message: Message,
  options: Partial<JsonOptions>,
): JsonValue {
  const { emitDefaults = true, enumAsNumber = false, protoNames = false, registry } = options;
  const json = toJson(desc, message, {
    registry: registry as Registry,
    alwaysEmitImplicit: emitDefaults,
    enumAsInteger: enumAsNumber,
    useProtoFieldName: protoNames,
  });
  return new Correction({ ...options, emitDefaults }).message(reflect(desc, message), json);
}

/** JSON without the member `__proto__`, which the reference loses where it is a name or key. */
export function withoutProto(json: unknown): unknown {
  return JSON.parse(JSON.stringify(json), (key, value: unknown) =>
    key === "__proto__" ? undefined : value,
  );
}

class Correction {
  private readonly options: Partial<JsonOptions>;

  constructor(options: Partial<JsonOptions>) {
    this.options = options;
  }

  message(message: ReflectMessage, json: JsonValue): JsonValue {
    const { desc } = message;
    if (desc.typeName === "google.protobuf.Any") return this.any(message.message as Any, json);
    if (hasJsonForm(desc)) return this.wrapper(message, json);
    const result: Json = { ...(json as Json) };
    for (const field of desc.fields) {
      const name = this.options.protoNames === true ? field.name : field.jsonName;
      const given = Object.hasOwn(result, name) ? result[name] : undefined;
      if (given !== undefined) define(result, name, this.field(field, message.get(field), given));
      else if (this.isNull(message, field)) define(result, name, null);
    }
    for (const [name, value] of Object.entries(result)) {
      const extension = /^\[.*\]$/.test(name)
        ? this.options.registry?.getExtension(name.slice(1, -1))
        : undefined;
      if (extension === undefined || !hasExtension(message.message, extension)) continue;
      const local = extension.typeName;
      const field = { ...extension, kind: "field", parent: desc, localName: local } as never;
      const bare = { ...desc, fields: [field], members: [field], oneofs: [] } as DescMessage;
      const holder = { [local]: getExtension(message.message, extension) };
      const held = reflect(bare, { ...holder, $typeName: desc.typeName } as never, false);
      result[name] = this.field(field, held.get(field), value);
    }
    return result;
  }

  /** With defaults, an unset message is null, but for oneofs and for what null would be a value of. */
  private isNull(message: ReflectMessage, field: DescField): boolean {
    return (
      this.options.emitDefaults === true &&
      field.fieldKind === "message" &&
      field.oneof === undefined &&
      field.message.typeName !== "google.protobuf.Value" &&
      !message.isSet(field)
    );
  }

  private any(any: Any, json: JsonValue): JsonValue {
    const name = any.typeUrl.slice(any.typeUrl.lastIndexOf("/") + 1);
    const desc = this.options.registry?.getMessage(name);
    if (desc === undefined) return json;
    const inner = reflect(desc, fromBinary(desc, any.value));
    const { "@type": type, ...members } = json as Json;
    if (!hasJsonForm(desc)) return { ...(this.message(inner, members) as Json), "@type": type! };
    return { "@type": type!, value: this.message(inner, members["value"]!) };
  }

  private wrapper(message: ReflectMessage, json: JsonValue): JsonValue {
    const field = message.desc.fields.length === 1 ? message.desc.fields[0] : undefined;
    return field?.scalar === undefined ? json : this.scalar(field.scalar, json);
  }

  private field(field: DescField, value: unknown, json: JsonValue): JsonValue {
    if (field.fieldKind === "list") {
      const items = [...(value as Iterable<unknown>)];
      return (json as JsonValue[]).map((item, i) => this.single(field, items[i], item));
    }
    if (field.fieldKind === "map") {
      const result = {};
      for (const [key, item] of value as Iterable<[unknown, unknown]>) {
        define(result, String(key), this.single(field, item, (json as Json)[String(key)]!));
      }
      return result;
    }
    return this.single(field, value, json);
  }

  private single(field: DescField, value: unknown, json: JsonValue): JsonValue {
    if (field.message !== undefined) return this.message(value as ReflectMessage, json);
    return field.scalar === undefined ? json : this.scalar(field.scalar, json);
  }

  private scalar(scalar: ScalarType, json: JsonValue): JsonValue {
    switch (scalar) {
      case ScalarType.FLOAT:
        return typeof json === "number" ? shortestFloat(json) : json;
      case ScalarType.INT64:
      case ScalarType.SINT64:
      case ScalarType.SFIXED64:
      case ScalarType.UINT64:
      case ScalarType.FIXED64:
        return this.options.int64AsNumber === true ? Number(json) : json;
      default:
        return json;
    }
  }
}

/** The fewest digits that read back as the same 32-bit float, and are not beyond the largest. */
function shortestFloat(value: number): number {
  for (let digits = 1; digits <= 9 && Math.fround(value) === value; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value && Math.abs(short) <= FLOAT32_MAX) return short;
  }
  return value;
}

function define(target: object, name: string, value: JsonValue): void {
  Object.defineProperty(target, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}
