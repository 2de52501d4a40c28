import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { DescMessage, Registry } from "@bufbuild/protobuf";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/** Compiles the .proto files beside this file; their types, found by name. */
export function compileProtos(): { registry: Registry; message(name: string): DescMessage } {
  const buf = fileURLToPath(import.meta.resolve("@bufbuild/buf/package.json"));
  const set = execFileSync(
    process.execPath,
    [fileURLToPath(new URL("bin/buf", `file://${buf}`)), "build", "protos", "-o", "-#format=binpb"],
    { cwd: fileURLToPath(new URL(".", import.meta.url)), maxBuffer: 1 << 24 },
  );
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, set));
  return {
    registry,
    message(name) {
      const desc = registry.getMessage(name);
      if (desc === undefined) throw new Error(`no message "${name}" in the test's protos`);
      return desc;
    },
  };
}
