import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { generateFiles } from "../../src/generate/index.ts";

test("the interoperability tests use what their proto generates", async () => {
  const root = fileURLToPath(new URL(".", import.meta.url));
  const result = await generateFiles({ root, paths: ["proto"], check: true });
  expect(result).toMatchObject({ diagnostics: [], missing: [], stale: [], orphaned: [] });
  expect(result.unchanged).toHaveLength(6);
});
