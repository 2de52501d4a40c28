import { indentAt, listImports, parseTypescript, stem } from "./typescript-source.ts";
import type { TypescriptSource } from "./typescript-source.ts";

/**
 * What to paste into the class in `source` so that it has the methods `names`: the methods as they are in `stub`,
 * the text of a whole class, and what of its imports and functions they need and `source` lacks.
 */
export function printMissingMethods(
  stub: string,
  names: readonly string[],
  source: TypescriptSource,
  path: string,
): string {
  const printed = parseTypescript(stub, path);
  const methods: string[] = [];
  const functions: string[] = [];
  for (const statement of printed.program.body) {
    if (statement.type === "FunctionDeclaration") {
      // The class may have lost it with the last method that used it.
      if (!source.original.includes(`function ${statement.id?.name}(`)) {
        functions.push(stub.slice(statement.start, statement.end));
      }
    }
    if (statement.type !== "ExportNamedDeclaration") continue;
    if (statement.declaration?.type !== "ClassDeclaration") continue;
    for (const member of statement.declaration.body.body) {
      if (!("key" in member) || member.key.type !== "Identifier") continue;
      if (names.includes(member.key.name)) methods.push(dedent(stub, member.start, member.end));
    }
  }
  const code = [...methods, ...functions].join("\n\n");
  return [...listNeeded(printed, source, code), code].join("\n");
}

/** The imports of `printed` that `code` uses and `source` has not. */
function listNeeded(printed: TypescriptSource, source: TypescriptSource, code: string): string[] {
  const present = listImports(source);
  const words = new Set(code.match(/\w+/g));
  return listImports(printed)
    .filter(({ local }) => words.has(local))
    .filter(
      ({ imported, from }) =>
        !present.some((each) => each.imported === imported && stem(each.from) === stem(from)),
    )
    .map(({ imported, local, from }) => {
      const name = imported === local ? local : `${imported} as ${local}`;
      // Only the error is made; the other names are those of types.
      return `import ${imported === "KratosError" ? "" : "type "}{ ${name} } from "${from}";`;
    });
}

function dedent(text: string, start: number, end: number): string {
  const indent = indentAt(text, start);
  return text.slice(start, end).replaceAll(`\n${indent}`, "\n");
}
