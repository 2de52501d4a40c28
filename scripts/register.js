// Lets Node below 22.18 import TypeScript as it is: `node --import ./scripts/register.js file.ts`.
// Newer versions strip types themselves; there this module does nothing.
import { readFile } from "node:fs/promises";
import { register } from "node:module";
import { fileURLToPath } from "node:url";

// The module is loaded twice: by `--import`, and once more in the thread that runs the hooks.
const hooksMark = "?typescript-hooks";
const typescript = /\.m?ts$/;

if (!import.meta.url.endsWith(hooksMark) && !process.features.typescript) {
  process.setSourceMapsEnabled(true);
  register(import.meta.url + hooksMark);
}

/**
 * Node's `load` hook: types are erased from `.ts` and `.mts` files, everything else is left to Node.
 *
 * @type {import("node:module").LoadHook}
 */
export async function load(url, context, nextLoad) {
  const { protocol, pathname, search } = new URL(url);
  if (protocol !== "file:" || !typescript.test(pathname)) return nextLoad(url, context);
  const { transformSync } = await import("oxc-transform");
  const path = fileURLToPath(search === "" ? url : url.slice(0, -search.length));
  const result = transformSync(path, await readFile(path, "utf8"), {
    lang: "ts",
    sourceType: "module",
    sourcemap: true,
    typescript: { onlyRemoveTypeImports: true },
  });
  const [problem] = result.errors;
  if (problem !== undefined) {
    throw new SyntaxError(`${path}: ${problem.codeframe ?? problem.message}`);
  }
  const map = JSON.stringify({ ...result.map, sources: [url] });
  const encoded = Buffer.from(map).toString("base64");
  const source = `${result.code}\n//# sourceMappingURL=data:application/json;base64,${encoded}\n`;
  return { format: "module", source, shortCircuit: true };
}
