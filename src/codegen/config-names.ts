import type { DescEnum, DescFile, DescMessage } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { safeIdentifier } from "@bufbuild/protoplugin";

/** What a message or enum of a configuration is called in TypeScript. */
export interface ConfigTypeNames {
  /** `Server_HTTP`. */
  readonly type: string;
  /** Its zod schema: `server_HTTPSchema`. */
  readonly schema: string;
}

/** Gives the names of a type; they depend on its own file only. */
export type ConfigNamesOf = (desc: DescMessage | DescEnum) => ConfigTypeNames;

/** Makes a {@link ConfigNamesOf} that reads each file once. */
export function createConfigNames(): ConfigNamesOf {
  const namesByFile = new Map<DescFile, ReadonlyMap<string, ConfigTypeNames>>();
  return (desc) => {
    let names = namesByFile.get(desc.file);
    if (names === undefined) {
      names = nameTypes(desc.file);
      namesByFile.set(desc.file, names);
    }
    return names.get(desc.typeName)!;
  };
}

// Generated code refers to these globals by name; protoplugin's own list holds the other ones.
const globals = new Set(["Date"]);

function nameTypes(file: DescFile): Map<string, ConfigTypeNames> {
  const names = new Map<string, ConfigTypeNames>();
  const taken = new Set<string>();
  for (const desc of nestedTypes(file)) {
    if (desc.kind === "extension") continue;
    const local = desc.typeName.slice(file.proto.package.length).replace(/^\./, "");
    const name = safeIdentifier(local.replaceAll(".", "_"));
    const type = unique(globals.has(name) ? `${name}$` : name, taken);
    const schema = unique(`${type.charAt(0).toLowerCase()}${type.slice(1)}Schema`, taken);
    names.set(desc.typeName, { type, schema });
  }
  return names;
}

/** `a.b_c` and `a_b.c` would come out the same, as would `Foo` and `foo`; proto names hold no `$`. */
function unique(wanted: string, taken: Set<string>): string {
  let name = wanted;
  while (taken.has(name)) name += "$";
  taken.add(name);
  return name;
}
