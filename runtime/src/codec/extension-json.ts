import type { DescExtension, DescField, DescMessage, Message, Registry } from "@bufbuild/protobuf";
import { BinaryReader } from "./binary-reader.ts";
import { inField } from "./containers.ts";
import type { FieldPlan, MessagePlan } from "./field-plan.ts";
import { interpretBinary } from "./interpreted-binary.ts";
import { fieldFromJson, fieldToJson, isUnsetJson } from "./interpreted-json.ts";
import { quote } from "./json-text.ts";
import { findValue } from "./presence.ts";
import { keepUnknown, writeUnknown } from "./unknown-field.ts";
import type { MessageOps } from "./value-codec.ts";
import type { WriterPool } from "./writer-pool.ts";

/** Writes and reads the extensions of a message in JSON: members such as `[pkg.ext]`. */
export interface ExtensionJson {
  /** Members of a JSON object, without braces; empty where there are none. */
  write(message: Message, depth: number): string;
  /** Puts the extensions found in `json` into the message. */
  read(json: object, message: Message, depth: number): void;
  /** Reports whether a JSON key names an extension of this type. */
  isKnown(key: string): boolean;
}

/** What extensions need from the set of codecs. */
export interface ExtensionContext {
  readonly registry: Registry | undefined;
  readonly emitDefaults: boolean;
  readonly writers: WriterPool;
  planOf(desc: DescMessage): MessagePlan;
}

/** An extension as the only field of a message. */
interface Carrier extends Pick<MessageOps, "readBinary" | "writeBinary"> {
  readonly plan: FieldPlan;
}

const VALUE = "value";

/**
 * Extensions are rare, and live in `$unknown` as they came: each is read and written as if it were the
 * only field of a message of its own. Undefined where no extension can occur.
 */
export function findExtensionJson(
  desc: DescMessage,
  context: ExtensionContext,
): ExtensionJson | undefined {
  const { registry } = context;
  if (registry === undefined || desc.proto.extensionRange.length === 0) return undefined;
  const carriers = new Map<DescExtension, Carrier>();
  function carrierOf(extension: DescExtension): Carrier {
    let carrier = carriers.get(extension);
    if (carrier === undefined) {
      carrier = makeCarrier(extension, context);
      carriers.set(extension, carrier);
    }
    return carrier;
  }
  function find(key: string): DescExtension | undefined {
    if (!key.startsWith("[") || !key.endsWith("]")) return undefined;
    const extension = registry?.getExtension(key.slice(1, -1));
    return extension?.extendee.typeName === desc.typeName ? extension : undefined;
  }
  return {
    isKnown: (key) => find(key) !== undefined,
    write(message, depth) {
      const { $unknown = [] } = message;
      const members: string[] = [];
      for (const number of new Set($unknown.map(({ no }) => no))) {
        const extension = registry.getExtensionFor(desc, number);
        if (extension === undefined) continue;
        const parts = $unknown.filter(({ no }) => no === number);
        const only: Message = { $typeName: desc.typeName, $unknown: parts };
        const member = writeMember(only, carrierOf(extension), depth, context);
        if (member !== undefined) members.push(member);
      }
      return members.join(",");
    },
    read(json, message, depth) {
      for (const [key, value] of Object.entries(json)) {
        const extension = find(key);
        if (extension === undefined) continue;
        const { plan, writeBinary } = carrierOf(extension);
        if (isUnsetJson(value, plan)) continue;
        inField(plan, () => {
          const held = { [VALUE]: fieldFromJson(value, plan, depth) };
          const bytes = context.writers.write((writer) => writeBinary(writer, held, depth));
          const reader = new BinaryReader(bytes, 0, bytes.length);
          while (reader.position < bytes.length) {
            const tag = reader.tag();
            keepUnknown(message, tag, reader.skip(tag, depth));
          }
        });
      }
    },
  };
}

function writeMember(
  message: Message,
  { plan, readBinary }: Carrier,
  depth: number,
  { writers, emitDefaults }: ExtensionContext,
): string | undefined {
  const bytes = writers.write((writer) => writeUnknown(writer, message));
  const held = readBinary(new BinaryReader(bytes, 0, bytes.length), bytes.length, depth);
  const value = findValue(held as Record<string, unknown>, plan);
  if (value === undefined || (!emitDefaults && Array.isArray(value) && value.length === 0)) {
    return undefined;
  }
  return `${quote(plan.field.jsonName)}:${inField(plan, () => fieldToJson(value, plan, depth))}`;
}

function makeCarrier(extension: DescExtension, context: ExtensionContext): Carrier {
  const { extendee } = extension;
  const field = {
    ...extension,
    kind: "field",
    name: extension.jsonName,
    localName: VALUE,
    parent: extendee,
  } as DescField;
  const plan = context.planOf({
    ...extendee,
    fields: [field],
    field: { [VALUE]: field },
    members: [field],
    oneofs: [],
  });
  return { plan: plan.fields[0] as FieldPlan, ...interpretBinary(plan) };
}
