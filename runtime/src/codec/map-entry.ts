import { create } from "@bufbuild/protobuf";
import type { BinaryReader } from "./binary-reader.ts";
import type { BinaryWriter } from "./binary-writer.ts";
import { requireKey } from "./containers.ts";
import { formOf } from "./field-plan.ts";
import type { FieldPlan } from "./field-plan.ts";
import { setEntry } from "./own.ts";

/** Writes one entry of a map with its tag. */
export function writeEntry(
  writer: BinaryWriter,
  plan: FieldPlan,
  key: string,
  item: unknown,
  depth: number,
): void {
  const mapKey = requireKey(plan);
  writer.uint32(plan.tag);
  const fork = writer.fork();
  writer.uint32(mapKey.tag);
  mapKey.writeBinary(writer, key);
  writer.uint32(16 | plan.value.wireType);
  plan.value.writeBinary(writer, item, depth);
  writer.join(fork);
}

/** Reads one entry of a map, behind its tag. */
export function readEntry(map: object, plan: FieldPlan, reader: BinaryReader, depth: number): void {
  const mapKey = requireKey(plan);
  const valueTag = 16 | plan.value.wireType;
  const end = reader.end();
  let key = mapKey.zero;
  let item: unknown;
  while (reader.position < end) {
    const tag = reader.tag();
    if (tag === mapKey.tag) key = mapKey.readBinary(reader);
    else if (tag === valueTag) item = plan.value.readBinary(reader, depth, item);
    else reader.skip(tag, depth);
  }
  reader.requireEnd(end);
  setEntry(map, key, item ?? plan.value.zero ?? emptyMessage(plan));
}

function emptyMessage({ field }: FieldPlan): unknown {
  if (field.message === undefined) return undefined;
  return formOf(field) === "struct" ? {} : create(field.message);
}
