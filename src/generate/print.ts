import { create } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { join } from "node:path";
import { displayPath } from "../buf/workspace.ts";
import { printMessages } from "../codegen/messages.ts";
import { printOpenApi } from "../codegen/openapi/print-openapi.ts";
import { printCode } from "../codegen/print-code.ts";
import type { Templates } from "../codegen/templates.ts";
import type { Plan } from "./plan.ts";
import { rewriteProvided, rewriteRoots } from "./rewrite-imports.ts";
import type { OutputFile } from "./write-files.ts";

/** Prints what was planned, with paths relative to the project. */
export function printFiles(plan: Plan & { readonly ok: true }, templates: Templates): OutputFile[] {
  const { workspace, targets, set, files, provided } = plan;
  const withMessages = new Set(
    files.filter(({ emit }) => emit.has("messages")).map(({ desc }) => desc.proto.name),
  );
  // Once for each root: where code of another root lies depends on both.
  const dirs = [...new Set(targets.map(({ root }) => root.dir))];
  return dirs.flatMap((dir) => {
    const group = targets.filter(({ root }) => root.dir === dir);
    const imports = [
      ...rewriteProvided(provided),
      ...rewriteRoots(workspace, group, set, provided),
    ];
    const request = create(CodeGeneratorRequestSchema, {
      fileToGenerate: group.map(({ importPath }) => importPath),
      parameter: imports.join(),
      protoFile: set.file,
    });
    const fileToGenerate = request.fileToGenerate.filter((name) => withMessages.has(name));
    const messages =
      fileToGenerate.length === 0 ? [] : printMessages({ ...request, fileToGenerate });
    const own = new Set(request.fileToGenerate);
    const documents = printOpenApi(files.filter(({ desc }) => own.has(desc.proto.name)));
    return [...messages, ...printCode(request, files, templates), ...documents].map(
      ({ name, content }) => ({ path: displayPath(workspace.root, join(dir, name)), content }),
    );
  });
}
