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
  const [nearest] = written
    .map((symbol) => ({ symbol, distance: distanceOf(symbol, name) }))
    .filter(({ distance }) => distance <= Math.min(3, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance || (a.symbol < b.symbol ? -1 : 1));
  return nearest === undefined ? { kind: "unknown" } : { kind: "misspelt", meant: nearest.symbol };
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

/** How many letters to add, drop or change to make `b` of `a` (Levenshtein's distance). */
function distanceOf(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous.at(-1) ?? 0;
}
