import type { Message } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { tagOf, Wire } from "./wire.ts";
import type { BinaryReader } from "./binary-reader.ts";
import type { BinaryWriter } from "./binary-writer.ts";
import { entriesOf, inField, requireList, segmentOf, within } from "./containers.ts";
import type { FieldPlan, MessagePlan } from "./field-plan.ts";
import { endTagOf } from "./framing.ts";
import { readEntry, writeEntry } from "./map-entry.ts";
import { checkOneof, findValue, missingField, ownValue, requireMessage } from "./presence.ts";
import { checkDepth } from "./nesting.ts";
import { keepUnknown, writeUnknown } from "./unknown-field.ts";
import type { MessageOps } from "./value-codec.ts";

type Members = Record<string, unknown>;

/** Binary operations that walk the plan field by field and name the field in every error. */
export function interpretBinary(plan: MessagePlan): Pick<MessageOps, "writeBinary" | "readBinary"> {
  const { desc } = plan;
  const readers = readersByTag(plan);
  return {
    writeBinary(writer, value, depth) {
      checkDepth(depth);
      const message = requireMessage(value, desc.typeName);
      for (const oneof of desc.oneofs) checkOneof(message, oneof);
      for (const field of plan.sorted) {
        inField(field, () => writeField(writer, message, field, depth));
      }
      writeUnknown(writer, value as Message);
    },
    readBinary(reader, end, depth, existing) {
      checkDepth(depth);
      const message = (existing ?? create(desc)) as Message & Members;
      const last = endTagOf(end);
      for (;;) {
        if (reader.position >= end && last === 0) break;
        const tag = reader.tag();
        if (tag === last) return message;
        const field = readers.get(tag);
        if (field === undefined) keepUnknown(message, tag, reader.skip(tag, depth));
        else inField(field.plan, () => field.read(message, reader, depth, tag));
      }
      reader.requireEnd(end);
      return message;
    },
  };
}

function writeField(
  writer: BinaryWriter,
  message: Readonly<Members>,
  plan: FieldPlan,
  depth: number,
): void {
  const { value: codec, tag } = plan;
  const value = findValue(message, plan);
  if (value === undefined) {
    if (plan.required) throw missingField();
    return;
  }
  switch (plan.shape) {
    case "single":
      if (plan.presence === "implicit" && codec.isZero(value)) return;
      writer.uint32(tag);
      codec.writeBinary(writer, value, depth);
      return;
    case "list": {
      const items = requireList(value);
      if (items.length === 0) return;
      if (plan.packed) writer.uint32(tag);
      const fork = plan.packed ? writer.fork() : undefined;
      for (let i = 0; i < items.length; i++) {
        if (fork === undefined) writer.uint32(tag);
        within(`[${i}]`, () => codec.writeBinary(writer, items[i], depth));
      }
      if (fork !== undefined) writer.join(fork);
      return;
    }
    case "map":
      for (const [key, item] of entriesOf(value, plan)) {
        within(segmentOf(key), () => writeEntry(writer, plan, key, item, depth));
      }
  }
}

interface TagReader {
  readonly plan: FieldPlan;
  read(message: Message & Members, reader: BinaryReader, depth: number, tag: number): void;
}

/** Repeated numbers are accepted packed and unpacked, whatever the declaration says. */
function readersByTag(message: MessagePlan): Map<number, TagReader> {
  const readers = new Map<number, TagReader>();
  for (const plan of message.fields) {
    const { number } = plan.field;
    if (plan.shape === "map") {
      readers.set(plan.tag, { plan, read: entryReader(plan) });
    } else if (plan.shape === "single") {
      readers.set(plan.tag, { plan, read: singleReader(plan) });
    } else {
      readers.set(tagOf(number, plan.value.wireType), { plan, read: itemReader(plan) });
      if (!plan.value.packable) continue;
      readers.set(tagOf(number, Wire.delimited), { plan, read: packedReader(plan) });
    }
  }
  return readers;
}

function entryReader(plan: FieldPlan): TagReader["read"] {
  const { localName } = plan.field;
  return (message, reader, depth) => {
    readEntry(message[localName] as object, plan, reader, depth);
  };
}

function itemReader(plan: FieldPlan): TagReader["read"] {
  const { localName } = plan.field;
  return (message, reader, depth) => {
    (message[localName] as unknown[]).push(plan.value.readBinary(reader, depth));
  };
}

function packedReader(plan: FieldPlan): TagReader["read"] {
  const { localName } = plan.field;
  return (message, reader, depth) => {
    const items = message[localName] as unknown[];
    const end = reader.end();
    while (reader.position < end) items.push(plan.value.readBinary(reader, depth));
    reader.requireEnd(end);
  };
}

function singleReader(plan: FieldPlan): TagReader["read"] {
  const { value: codec, oneof, closed } = plan;
  const { localName } = plan.field;
  return (message, reader, depth, tag) => {
    const start = reader.position;
    const holder = oneof === undefined ? message : chosen(message, oneof.localName, localName);
    const existing = ownValue(holder, oneof === undefined ? localName : "value");
    const value = codec.readBinary(reader, depth, existing);
    if (closed !== undefined && !closed.has(value as number)) {
      reader.position = start;
      keepUnknown(message, tag, reader.skip(tag, depth));
    } else if (oneof === undefined) {
      message[localName] = value;
    } else {
      message[oneof.localName] = { case: localName, value };
    }
  };
}

/** The oneof where this member is the chosen one, and nothing where another is. */
function chosen(message: Members, oneof: string, member: string): Members {
  const group = message[oneof] as Members;
  return group["case"] === member ? group : {};
}
