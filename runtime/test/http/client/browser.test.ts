import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("../../../src/", import.meta.url));

test.for([
  "transport/http/client/client.ts",
  "transport/http/routing/path-template.ts",
  "codegenv1/index.ts",
])("%s leads to no module of Node", (entry) => {
  const seen = new Set<string>();
  const foreign = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, "utf8");
    for (const [, specifier = ""] of text.matchAll(
      /^(?:import|export)\s(?!type\b)[^;]*?from "(.+?)";/gm,
    )) {
      if (specifier.startsWith(".")) visit(join(dirname(file), specifier));
      else foreign.add(specifier);
    }
  };
  visit(join(source, entry));
  expect([...foreign].filter((name) => !name.startsWith("@bufbuild/protobuf"))).toEqual([]);
});
