import type { DescFile } from "@bufbuild/protobuf";
import { existsSync } from "node:fs";
import { displayPath, resolveImport, type ProtoWorkspace } from "../buf/workspace.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { FileFacts } from "../model/model.ts";
import { createReporter } from "../model/reporter.ts";

/** The field number of `dependency` in `FileDescriptorProto`. */
const dependencyField = 3;

/** Warns of imported protos whose code is neither there, nor made in this run, nor part of the runtime. */
export function checkImports(
  workspace: ProtoWorkspace,
  files: readonly FileFacts[],
  provided: ReadonlySet<string>,
  show: (file: DescFile) => string,
): readonly Diagnostic[] {
  const reporter = createReporter(show);
  const made = new Set(files.map(({ desc }) => desc.proto.name));
  for (const { desc, emit } of files) {
    if (!emit.has("messages")) continue;
    for (const [index, importPath] of desc.proto.dependency.entries()) {
      if (made.has(importPath) || provided.has(importPath)) continue;
      const file = resolveImport(workspace, importPath);
      // What no root has comes with buf: the well-known types, which are part of @bufbuild/protobuf.
      if (file === undefined || existsSync(file.replace(/\.proto$/, "_pb.ts"))) continue;
      reporter.warn(
        { declaration: desc, inner: [dependencyField, index] },
        `there is no generated code of import "${importPath}" yet`,
        `generate it: kratos-ts proto client ${displayPath(workspace.root, file)}`,
      );
    }
  }
  return reporter.diagnostics;
}
