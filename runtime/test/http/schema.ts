import { createFileRegistry, type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** Builds `proto/` with buf and returns what finds its messages. */
export function buildSchema(): (typeName: string) => DescMessage {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, buildSchemaBytes()));
  return (typeName) => {
    const message = registry.getMessage(typeName);
    if (message === undefined) throw new Error(`"${typeName}" is not in proto/`);
    return message;
  };
}

/** The descriptors of `proto/` and of all that it may import, as a `google.protobuf.FileDescriptorSet`. */
export function buildSchemaBytes(): Uint8Array {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const buf = createRequire(import.meta.url).resolve("@bufbuild/buf/bin/buf");
  const config = {
    version: "v2",
    modules: [{ path: "runtime/test/http/proto" }, { path: "third_party" }],
  };
  return execFileSync(
    process.execPath,
    [buf, "build", root, "--config", JSON.stringify(config), "-o", "-#format=binpb"],
    { maxBuffer: 64 * 1024 * 1024 },
  );
}
