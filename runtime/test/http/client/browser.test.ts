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
    // What is loaded later counts as well: bundlers read it.
    for (const [, imported, later] of text.matchAll(
      /^(?:import|export)\s(?!type\b)[^;]*?from "(.+?)";|\bimport\("(.+?)"\)/gm,
    )) {
      const specifier = imported ?? later ?? "";
      if (specifier.startsWith(".")) visit(join(dirname(file), specifier));
      else foreign.add(specifier);
    }
  };
  visit(join(source, entry));
  const packages = /^(?:@bufbuild\/protobuf|ws$)/; // "ws" has a part for browsers
  expect([...foreign].filter((name) => !packages.test(name))).toEqual([]);
});
