import type { GeneratedFile, Printable } from "@bufbuild/protoplugin";

/** A name that a generated file exports: as it is referred to, and the code that declares it. */
export interface ExportedName {
  readonly name: string;
  /** `export const X`: what is imported under the same name then gets an alias. */
  readonly export: Printable;
}

/** Gives each exported name of a file once: a second declaration gets `$` at its end. */
export type NameExport = (
  declaration: "const" | "function" | "interface" | "type",
  name: string,
) => ExportedName;

/** Makes the {@link NameExport} of one file. */
export function createNameExport(f: GeneratedFile): NameExport {
  const taken = new Set<string>();
  return (declaration, wanted) => {
    // "A" with method "BC" and "AB" with method "C" both want "ABCRoute"; proto names hold no "$".
    let name = wanted;
    while (taken.has(name)) name += "$";
    taken.add(name);
    return { name, export: f.export(declaration, name) };
  };
}

/**
 * A global such as `Promise`, printed so that a message of that name is imported under an alias.
 * `importPath` is the file's own.
 */
export function reserveGlobal(f: GeneratedFile, name: string, importPath: string): Printable {
  return f.import(name, importPath, true);
}
