import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { bindingError, excerpt, fieldError } from "../binding-error.ts";
import { getField, indexFields, type MessageRecord, openField, setField } from "./field-access.ts";
import { decodeQueryText } from "../routing/percent-decoding.ts";
import {
  compileTextReader,
  findWrappedScalar,
  isJsonText,
  type TextOptions,
  type TextReader,
  TextValueError,
} from "./text-value.ts";

/** How a {@link QueryBinder} treats what it is given. */
export interface QueryOptions extends TextOptions {
  /** Refuse parameters that name no field, but for Google's system parameters (`$alt`, `key`, …). */
  readonly strictQuery: boolean;
}

const maxParameters = 1000;
const maxDepth = 32;
const maxCachedKeys = 256;
const maxCachedLength = 64;

/**
 * Binds a query, or a form, to the fields of a message. A key is a path of field names, each as in the
 * proto or as in JSON; `labels[key]` and `labels.key` name entries of a map. Repeated parameters fill
 * repeated fields; other fields, and each oneof, are given once.
 */
export class QueryBinder {
  readonly #desc: DescMessage;
  readonly #ignored: ReadonlySet<string>;
  readonly #options: QueryOptions;
  readonly #fields = new Map<DescMessage, ReadonlyMap<string, DescField>>();
  readonly #readers = new Map<DescField, TextReader | undefined>();
  /** What keys were resolved to; few and short ones only, since clients could invent new ones for ever. */
  readonly #resolved = new Map<string, Parameter>();

  /** `ignored` are paths in proto names, which with all that is below them are never bound. */
  constructor(desc: DescMessage, ignored: Iterable<string>, options: QueryOptions) {
    this.#desc = desc;
    this.#ignored = new Set(ignored);
    this.#options = options;
  }

  /**
   * Binds a query without its question mark. `taken`: a oneof that has its value, and the field that has it. Throws
   * 400 `CODEC` that names the field.
   */
  bind(message: MessageRecord, query: string, taken?: readonly [string, string]): void {
    const given = new Map<string, string>(taken && [taken]);
    let count = 0;
    for (let start = 0; start < query.length;) {
      let end = query.indexOf("&", start);
      if (end < 0) end = query.length;
      if (end > start) {
        if (++count > maxParameters) {
          throw bindingError(`the query has more than ${maxParameters} parameters`);
        }
        this.#bindParameter(message, query.slice(start, end), given);
      }
      start = end + 1;
    }
  }

  #bindParameter(message: MessageRecord, text: string, given: Map<string, string>): void {
    const equals = text.indexOf("=");
    const key = decodeQueryText(equals < 0 ? text : text.slice(0, equals));
    const parameter = this.#resolve(key);
    if (parameter === undefined) return;
    const value = equals < 0 ? "" : decodeQueryText(text.slice(equals + 1));
    this.#put(message, parameter, value, given);
  }

  /**
   * Binds one value of a form that comes in parts; it is read when a field wants it. `given` remembers what
   * earlier parts were for; empty at first. Throws 400 `CODEC` that names the field.
   */
  bindValue(
    message: MessageRecord,
    key: string,
    read: () => string,
    given: Map<string, string>,
  ): void {
    const parameter = this.#resolve(key);
    if (parameter !== undefined) this.#put(message, parameter, read(), given);
  }

  #put(
    message: MessageRecord,
    parameter: Parameter,
    value: string,
    given: Map<string, string>,
  ): void {
    for (const [choice, member] of parameter.claims) {
      const other = given.get(choice);
      if (other === undefined) given.set(choice, member);
      else if (other !== member) {
        throw fieldError(member, `"${other}" is given too, and only one of them can be`);
      } else if (member === parameter.name && !parameter.repeated) {
        throw fieldError(member, "it is given more than once");
      }
    }
    let target = message;
    for (const parent of parameter.parents) target = openField(target, parent);
    parameter.put(target, value);
  }

  #resolve(key: string): Parameter | undefined {
    const known = this.#resolved.get(key);
    if (known !== undefined) return known;
    const parameter = this.#parseKey(key);
    if (parameter === undefined) {
      if (this.#options.strictQuery && !this.#isForeign(key)) {
        throw bindingError(`${excerpt(key)} is no field of "${this.#desc.typeName}"`);
      }
    } else if (key.length <= maxCachedLength && this.#resolved.size < maxCachedKeys) {
      // A copy: a part of a text would keep the whole line of the request alive.
      this.#resolved.set(Buffer.from(key).toString(), parameter);
    }
    return parameter;
  }

  /** Undefined for keys that name nothing and for those to ignore. */
  #parseKey(key: string): Parameter | undefined {
    const bracket = key.indexOf("[");
    if (bracket >= 0 && !key.endsWith("]")) return undefined;
    const names = (bracket < 0 ? key : key.slice(0, bracket)).split(".");
    if (names.length > maxDepth) throw bindingError(`${excerpt(key)} is nested too deep`);
    const index = bracket < 0 ? undefined : key.slice(bracket + 1, -1);

    const parents: (DescField & { fieldKind: "message" })[] = [];
    const claims: [string, string][] = [];
    let desc = this.#desc;
    let path = "";
    for (const [position, name] of names.entries()) {
      const field = this.#fieldsOf(desc).get(name);
      if (field === undefined) return undefined;
      const prefix = path === "" ? "" : `${path}.`;
      path = prefix + field.name;
      if (this.#ignored.has(path)) return undefined;
      if (field.oneof !== undefined) claims.push([`${prefix}${field.oneof.name}`, path]);

      const rest = names.slice(position + 1);
      if (field.fieldKind === "map")
        return this.#mapEntry(field, path, rest, index, parents, claims);
      const last =
        rest.length === 0 ||
        (rest.length === 1 &&
          rest[0] === "value" &&
          isWrapper(field) &&
          field.fieldKind !== "list");
      if (last) return this.#leaf(field, path, index, parents, claims);
      if (field.fieldKind === "list") {
        throw fieldError(path, "elements of a repeated field cannot be set by their fields");
      }
      if (field.fieldKind !== "message" || isOpaque(field.message.typeName)) {
        throw fieldError(path, `it has no field "${rest[0]!.slice(0, 40)}"`);
      }
      parents.push(field);
      desc = field.message;
    }
    return undefined;
  }

  #leaf(
    field: DescField,
    name: string,
    index: string | undefined,
    parents: Parameter["parents"],
    claims: Parameter["claims"],
  ): Parameter | undefined {
    const repeated = field.fieldKind === "list";
    if (index !== undefined && (index !== "" || !repeated)) return undefined;
    const read = this.#readerOf(field);
    if (read === undefined) {
      const reason = repeated ? "repeated messages" : "a message";
      throw fieldError(name, `${reason} cannot be given in a query`);
    }
    return {
      name,
      parents,
      repeated,
      claims: repeated || field.oneof !== undefined ? claims : [...claims, [name, name]],
      put(target, text) {
        const value = readText(name, read, text);
        if (repeated) (getField(target, field) as unknown[]).push(value);
        else setField(target, field, value);
      },
    };
  }

  #mapEntry(
    field: DescField & { fieldKind: "map" },
    name: string,
    rest: readonly string[],
    index: string | undefined,
    parents: Parameter["parents"],
    claims: Parameter["claims"],
  ): Parameter | undefined {
    const read = this.#readerOf(field);
    if (read === undefined) throw fieldError(name, "maps of messages cannot be given in a query");
    if (index !== undefined && rest.length > 0) return undefined;
    if (index === undefined && rest.length === 0) {
      throw fieldError(name, `write "${name}[key]=value" for an entry of a map`);
    }
    const key = index ?? rest.join(".");
    const property = parseMapKey(field.mapKey, key);
    if (property === undefined) throw fieldError(name, `${excerpt(key)} is no key of this map`);
    const entry = `${name}[${property}]`;
    return {
      name: entry,
      parents,
      repeated: false,
      claims: [...claims, [entry, entry]],
      put(target, text) {
        // Not an assignment, which for the key "__proto__" would set the prototype.
        Object.defineProperty(getField(target, field), property, {
          value: readText(entry, read, text),
          enumerable: true,
          configurable: true,
          writable: true,
        });
      },
    };
  }

  #fieldsOf(desc: DescMessage): ReadonlyMap<string, DescField> {
    let fields = this.#fields.get(desc);
    if (fields === undefined) this.#fields.set(desc, (fields = indexFields(desc)));
    return fields;
  }

  #readerOf(field: DescField): TextReader | undefined {
    if (!this.#readers.has(field)) {
      this.#readers.set(field, compileTextReader(field, this.#options));
    }
    return this.#readers.get(field);
  }

  /** Whether a key is nobody's mistake: what belongs to the path or the body, and system parameters. */
  #isForeign(key: string): boolean {
    return key.startsWith("$") || systemParameters.has(key) || this.#namesIgnored(key);
  }

  #namesIgnored(key: string): boolean {
    let desc: DescMessage | undefined = this.#desc;
    let path = "";
    for (const name of key.split(/[.[]/)) {
      const field: DescField | undefined = desc && this.#fieldsOf(desc).get(name);
      if (field === undefined) return false;
      path += path === "" ? field.name : `.${field.name}`;
      if (this.#ignored.has(path)) return true;
      desc = field.message;
    }
    return false;
  }
}

/** What a key of a query stands for. */
interface Parameter {
  /** In proto names. */
  readonly name: string;
  /** The messages to go through. */
  readonly parents: readonly (DescField & { fieldKind: "message" })[];
  readonly repeated: boolean;
  /** Pairs of something that can be given once (a field, a oneof) and the field that takes it. */
  readonly claims: readonly (readonly [string, string])[];
  put(target: MessageRecord, text: string): void;
}

// https://cloud.google.com/apis/docs/system-parameters
const systemParameters: ReadonlySet<string> = new Set([
  "access_token",
  "alt",
  "callback",
  "fields",
  "key",
  "oauth_token",
  "prettyPrint",
  "quotaUser",
  "upload_protocol",
  "uploadType",
]);

function readText(name: string, read: TextReader, text: string): unknown {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof TextValueError) throw fieldError(name, error.message, error);
    throw error;
  }
}

function isWrapper(field: DescField): boolean {
  return field.message !== undefined && findWrappedScalar(field.message.typeName) !== undefined;
}

/** Messages whose fields are no fields of the API: their JSON is something else. */
function isOpaque(typeName: string): boolean {
  return isJsonText(typeName) || typeName === "google.protobuf.Any";
}

/** The property that stands for a key; undefined where the text is no such key. */
function parseMapKey(type: ScalarType, key: string): string | undefined {
  if (type === ScalarType.STRING) return key;
  if (type === ScalarType.BOOL) return key === "true" || key === "false" ? key : undefined;
  if (!/^-?\d{1,20}$/.test(key)) return undefined;
  const value = BigInt(key);
  const fits =
    type === ScalarType.INT32 || type === ScalarType.SINT32 || type === ScalarType.SFIXED32
      ? BigInt.asIntN(32, value)
      : type === ScalarType.UINT32 || type === ScalarType.FIXED32
        ? BigInt.asUintN(32, value)
        : type === ScalarType.UINT64 || type === ScalarType.FIXED64
          ? BigInt.asUintN(64, value)
          : BigInt.asIntN(64, value);
  return fits === value ? value.toString() : undefined;
}
