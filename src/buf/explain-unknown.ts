import { nearestName } from "../nearest-name.ts";
import { readPackage, type DeclaredSymbols } from "./declared-symbols.ts";

/** Where a name that the compiler cannot find was meant to lead. */
export type UnknownName =
  /** A file that has to be imported declares it. */
  | { readonly kind: "notImported"; readonly importPath: string }
  /** It resembles a name that is declared. */
  | { readonly kind: "misspelt"; readonly meant: string }
  | { readonly kind: "unknown" };

const scalars =
  "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes".split(
    " ",
  );

/** Explains `name`, as it is written in the proto with this `text`. */
export function explainUnknown(name: string, text: string, symbols: DeclaredSymbols): UnknownName {
  const scopes = listScopes(readPackage(text));
  for (const scope of scopes) {
    const importPath = symbols.get(scope + name.replace(/^\./, ""));
    if (importPath !== undefined) return { kind: "notImported", importPath };
  }
  const declared = [...symbols.keys()].map((symbol) => shorten(symbol, scopes[0] ?? ""));
  const written = [...scalars, ...declared];
  const meant = nearestName(name, written);
  return meant === undefined ? { kind: "unknown" } : { kind: "misspelt", meant };
}

/** `a.b.`, `a.` and the empty scope for the package `a.b`: where a name is looked for, in this order. */
function listScopes(packageName: string): string[] {
  const segments = packageName.split(".").filter((segment) => segment !== "");
  const scopes = segments.map((_, index) => `${segments.slice(0, index + 1).join(".")}.`);
  return [...scopes.reverse(), ""];
}

function shorten(symbol: string, scope: string): string {
  return symbol.startsWith(scope) ? symbol.slice(scope.length) : symbol;
}
