import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { printApi } from "../../scripts/api/api-text.ts";
import { printRuntimeApi } from "../../scripts/api/runtime-api.ts";
import { root } from "./packed.ts";

test("runtime/api.md says what the runtime exports", async () => {
  const written = await readFile(join(root, "runtime/api.md"), "utf8");
  const current = await printRuntimeApi(root);
  expect(current, 'the public API has changed: run "npm run api", and review the difference').toBe(
    written,
  );
});

test("the text holds what each entry exports, once, by name and without comments", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kratos-api-"));
  const files = {
    "index.d.ts": `
import type { Inner } from "./deep/inner.ts";
export type { Inner };
export { make as create } from "./make.ts";
export * from "./star.ts";
`,
    "deep/inner.d.ts": `
/** A doc comment. */
export interface Inner {
    /** Another. */
    readonly a: string;
    readonly b: number;
}
interface Hidden {
    readonly c: string;
}`,
    "make.d.ts": `
export declare function make(value: string): void;
export declare function make(value: number): void;
export declare const unused: 1;`,
    "star.d.ts": `
declare class Star<T> {
    #private;
    shine(): T;
}
export { Star };`,
  };
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    const entries = [
      { specifier: "demo", declarations: join(folder, "index.d.ts") },
      { specifier: "demo/inner", declarations: join(folder, "deep/inner.d.ts") },
    ];
    expect(await printApi("Demo", entries)).toBe(`# Demo

## \`demo\`

\`\`\`ts
export interface Inner {
  readonly a: string;
  readonly b: number;
}
export declare class Star<T> {
  #private;
  shine(): T;
}
export declare function make(value: string): void;
export declare function make(value: number): void;
\`\`\`

## \`demo/inner\`

From \`demo\`: \`Inner\`
`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
