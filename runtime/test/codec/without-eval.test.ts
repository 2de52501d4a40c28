import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("works where code must not be made from strings", () => {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const output = execFileSync(
    process.execPath,
    [
      "--disallow-code-generation-from-strings",
      "--import",
      "./scripts/register.js",
      "--conditions=@kratos-ts/source",
      "runtime/test/codec/without-eval.ts",
    ],
    { cwd: root, encoding: "utf8" },
  );
  expect(JSON.parse(output)).toEqual({
    codeFromStrings: false,
    json: '"1970-01-01T00:00:01.000000005Z"',
    error: 'field "options.packed": expected a bool, got 5',
    text: '{"name":"é","number":-5,"options":{"packed":true,"targets":[],"editionDefaults":[],"features":null,"featureSupport":null,"uninterpretedOption":[]}}',
    bytes: "0a02c3a918fbffffffffffffffff0142021001",
  });
});
