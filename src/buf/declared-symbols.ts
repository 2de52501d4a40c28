import { readFileSync } from "node:fs";
import { findProtoFiles } from "./proto-files.ts";
import { findRoot, type ProtoWorkspace } from "./workspace.ts";

/** The full names of messages, enums and extensions, each with the import path of the file that declares it. */
export type DeclaredSymbols = ReadonlyMap<string, string>;

/** The well-known types, whose files are part of buf. */
const wellKnown = {
  any: "Any",
  duration: "Duration",
  empty: "Empty",
  field_mask: "FieldMask",
  struct: "Struct Value ListValue NullValue",
  timestamp: "Timestamp",
  wrappers:
    "DoubleValue FloatValue Int64Value UInt64Value Int32Value UInt32Value BoolValue StringValue BytesValue",
};

/** What all protos of `workspace` declare, also those that do not compile. */
export function readDeclaredSymbols(workspace: ProtoWorkspace): DeclaredSymbols {
  const symbols = new Map<string, string>();
  for (const [file, names] of Object.entries(wellKnown)) {
    for (const name of names.split(" ")) {
      symbols.set(`google.protobuf.${name}`, `google/protobuf/${file}.proto`);
    }
  }
  for (const { dir } of workspace.roots) {
    for (const file of findProtoFiles(dir)) {
      const importPath = findRoot(workspace, file)?.importPath;
      if (importPath === undefined) continue;
      for (const name of listSymbols(readFileSync(file, "utf8"))) symbols.set(name, importPath);
    }
  }
  return symbols;
}

/** The package that the text of a proto declares; empty: none. */
export function readPackage(text: string): string {
  return /^\s*package\s+([\w.]+)\s*;/m.exec(text)?.[1] ?? "";
}

/** Comments and strings come first, so that nothing is found inside them. */
const tokens =
  /\/\/.*|\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(?<block>message|enum|extend)\s+(?<name>[\w.]+)\s*\{|(?<field>\w+)\s*=\s*\d+\s*[;[]|(?<brace>[{}])/g;

/** Enough of the grammar to find declarations in a file that no compiler takes. */
function listSymbols(text: string): string[] {
  const found: string[] = [];
  const blocks: { readonly scope: string; readonly extends: boolean }[] = [];
  const join = (name: string): string => {
    const scope = blocks.at(-1)?.scope ?? readPackage(text);
    return scope === "" ? name : `${scope}.${name}`;
  };
  for (const { groups = {} } of text.matchAll(tokens)) {
    const { block, name = "", field, brace } = groups;
    if (block === "extend")
      blocks.push({ scope: blocks.at(-1)?.scope ?? readPackage(text), extends: true });
    else if (block !== undefined) {
      found.push(join(name));
      blocks.push({ scope: join(name), extends: false });
    } else if (field !== undefined && blocks.at(-1)?.extends === true) found.push(join(field));
    else if (brace === "{") blocks.push({ scope: join(""), extends: false });
    else if (brace === "}") blocks.pop();
  }
  return found;
}
