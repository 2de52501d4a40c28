import { create, fromBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorSet,
} from "@bufbuild/protobuf/wkt";
import { BinaryReader } from "@bufbuild/protobuf/wire";

const nameField = FileDescriptorProtoSchema.field.name.number;
const sourceInfoField = FileDescriptorProtoSchema.field.sourceCodeInfo.number;

/**
 * Reads a serialised descriptor set. Comments and positions, most of it, are read only of files that
 * `needsSource` asks for: imported schemas have many, and nobody looks at them.
 */
export function readDescriptorSet(
  bytes: Uint8Array,
  needsSource: (importPath: string) => boolean,
): FileDescriptorSet {
  const set = create(FileDescriptorSetSchema);
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === FileDescriptorSetSchema.field.file.number) {
      const file = reader.bytes();
      set.file.push(fromBinary(FileDescriptorProtoSchema, dropSource(file, needsSource)));
    } else {
      reader.skip(wireType, field);
    }
  }
  return set;
}

function dropSource(file: Uint8Array, needsSource: (importPath: string) => boolean): Uint8Array {
  const reader = new BinaryReader(file);
  const source: { start: number; end: number }[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wireType] = reader.tag();
    if (field === nameField) {
      if (needsSource(reader.string())) return file;
    } else {
      reader.skip(wireType, field);
      if (field === sourceInfoField) source.push({ start, end: reader.pos });
    }
  }
  const kept = [0, ...source.map(({ end }) => end)].map((start, index) =>
    file.subarray(start, source[index]?.start),
  );
  return Buffer.concat(kept);
}
