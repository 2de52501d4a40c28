import type { GeneratedFile, Schema } from "@bufbuild/protoplugin";
import type { FileFacts } from "../model/model.ts";
import { createNameExport, reserveGlobal, type NameExport } from "./names.ts";

/** A generated file in the making. */
export interface CodegenFile {
  readonly f: GeneratedFile;
  readonly exportName: NameExport;
  /** What generated code may import of the runtime. */
  type(name: string): ReturnType<GeneratedFile["import"]>;
  value(name: string): ReturnType<GeneratedFile["import"]>;
  /** A global that a message must not shadow. */
  global(name: string): ReturnType<typeof reserveGlobal>;
}

const runtime = "@kratos-ts/runtime/codegenv1";

/** Begins the file that stands beside the proto with `suffix`, such as `_http`. */
export function openFile(schema: Schema, facts: FileFacts, suffix: string): CodegenFile {
  const name = `${facts.desc.name}${suffix}`;
  const f = schema.generateFile(`${name}.ts`);
  f.preamble(facts.desc);
  return {
    f,
    exportName: createNameExport(f),
    type: (symbol) => f.import(symbol, runtime, true),
    value: (symbol) => f.import(symbol, runtime),
    // This is how protoplugin names the file itself.
    global: (symbol) => reserveGlobal(f, symbol, `./${name}.js`),
  };
}
