import { create } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { buildDescriptorSet } from "../buf/build.ts";
import { printMessages } from "../codegen/messages.ts";
import type { PrintedFile } from "../codegen/print-code.ts";
import { findBundled } from "./bundled.ts";

/** Prints the messages of the bundled schemas in `dir`: the code that `@kratos-ts/runtime/protos` holds. */
export async function printBundled(dir: string): Promise<PrintedFile[]> {
  const root = { dir, includes: [], excludes: [], kind: "project" } as const;
  const built = await buildDescriptorSet({ root: dir, roots: [root], native: false }, []);
  if (!built.ok) throw new Error(`"${dir}" does not build: ${JSON.stringify(built.diagnostics)}`);
  const fileToGenerate = findBundled(dir);
  const request = create(CodeGeneratorRequestSchema, { fileToGenerate, protoFile: built.set.file });
  return printMessages(request).sort((a, b) => (a.name < b.name ? -1 : 1));
}
