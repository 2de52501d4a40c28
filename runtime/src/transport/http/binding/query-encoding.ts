import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { bindingError } from "../binding-error.ts";
import { encodeStrictly } from "../routing/expand-path.ts";
import { getField, isAbsent, type MessageRecord } from "./field-access.ts";
import { compileEntryWriter, compileTextWriter } from "./value-text.ts";

/**
 * Writes the fields of a message as a query, names as in the proto. What is not set is left out, and so
 * are zero values of fields without presence.
 */
export class QueryEncoder {
  readonly #desc: DescMessage;
  readonly #ignored: ReadonlySet<string>;
  readonly #writers = new Map<DescField, FieldWriter>();

  /** `ignored` are paths in proto names that go elsewhere. */
  constructor(desc: DescMessage, ignored: Iterable<string>) {
    this.#desc = desc;
    this.#ignored = new Set(ignored);
  }

  /** Returns the query without its question mark. Throws 400 `CODEC` for fields that have no place in one. */
  encode(message: MessageRecord): string {
    const parts: string[] = [];
    this.#write(this.#desc, message, "", parts);
    return parts.join("&");
  }

  #write(desc: DescMessage, message: MessageRecord, prefix: string, parts: string[]): void {
    for (const field of desc.fields) {
      const name = prefix + field.name;
      const value = getField(message, field);
      if (value === undefined || value === null || this.#ignored.has(name)) continue;
      if (field.oneof === undefined && isAbsent(field, value)) continue;
      this.#writerOf(field)(value, name, parts);
    }
  }

  #writerOf(field: DescField): FieldWriter {
    let writer = this.#writers.get(field);
    if (writer === undefined) this.#writers.set(field, (writer = this.#compile(field)));
    return writer;
  }

  #compile(field: DescField): FieldWriter {
    if (field.fieldKind === "map") {
      const toEntries = compileEntryWriter(field);
      if (toEntries !== undefined) {
        return (value, name, parts) => {
          for (const [key, text] of toEntries(value)) parts.push(pair(`${name}[${key}]`, text));
        };
      }
    }
    const toTexts = compileTextWriter(field);
    if (toTexts !== undefined) {
      return (value, name, parts) => {
        for (const text of toTexts(value)) parts.push(pair(name, text));
      };
    }
    if (field.fieldKind === "message" && field.message.typeName !== "google.protobuf.Any") {
      const { message } = field;
      return (value, name, parts) =>
        this.#write(message, value as MessageRecord, `${name}.`, parts);
    }
    return (_value, name) => {
      throw bindingError(`field "${name}": it cannot be sent in a query, only in a body`);
    };
  }
}

type FieldWriter = (value: unknown, name: string, parts: string[]) => void;

function pair(name: string, text: string): string {
  const key = name.endsWith("]") ? encodeText(name) : name;
  return `${key}=${encodeText(text)}`;
}

function encodeText(text: string): string {
  try {
    return encodeStrictly(text);
  } catch (cause) {
    throw bindingError("a text with half a surrogate pair cannot be sent in a query", cause);
  }
}
