import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** Every `.proto` file below `dir`, absolute if `dir` is, sorted; not in hidden folders and `node_modules`. */
export function findProtoFiles(dir: string): string[] {
  return [...walk(dir)].sort();
}

/** Whether there is a `.proto` file below `dir`; stops at the first. */
export function holdsProtoFiles(dir: string): boolean {
  return walk(dir).next().done !== true;
}

/** The `.proto` files and the folders with some directly in `dir`. */
export function listProtoEntries(dir: string): string[] {
  return [
    ...new Set(findProtoFiles(dir).map((file) => relative(dir, file).split(sep)[0] ?? "")),
  ].map((name) => join(dir, name));
}

function* walk(dir: string): Generator<string, undefined> {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) {
      if (!entry.name.startsWith(".") && entry.name !== "node_modules") yield* walk(path);
    } else if (entry.name.endsWith(".proto")) {
      yield path;
    }
  }
  return undefined;
}
