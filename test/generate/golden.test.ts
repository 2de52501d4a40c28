import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { formatDiagnostic } from "../../src/diagnostic.ts";
import { generateFiles, type GenerateResult } from "../../src/generate/index.ts";

// Each folder is a case: `proto/` is a project, `want/` what is generated in it, or `diagnostics.txt`.
// `npx vitest run test/generate -u` records.
const golden = fileURLToPath(new URL("../../fixtures/golden", import.meta.url));
const cases = readdirSync(golden, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const work = mkdtempSync(join(tmpdir(), "kratos-ts-golden-"));
afterAll(() => rmSync(work, { recursive: true }));

describe("golden cases", () => {
  test.for(cases)("%s", async (name) => {
    const root = copyCase(name);
    const result = await generateFiles({ root, paths: [] });

    const files = listFiles(root).filter(isCode);
    expect(result.written).toEqual(files);
    const diagnostics = result.diagnostics.map((d) => `${formatDiagnostic(d)}\n`).join("");
    const outputs = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
    if (diagnostics !== "") outputs.set("diagnostics.txt", diagnostics);
    for (const [file, content] of outputs) {
      await expect(content).toMatchFileSnapshot(join(golden, name, "want", file));
    }
    expect(listFiles(join(golden, name, "want"))).toEqual([...outputs.keys()].sort());

    const again = await generateFiles({ root, paths: [] });
    expect(again.written).toEqual([]);
    expect(again.unchanged).toEqual(files);
  });

  test("a third of them fail", () => {
    const failing = cases.filter((name) => !listFiles(join(golden, name, "want")).some(isCode));

    expect(failing.length / cases.length).toBeGreaterThanOrEqual(1 / 3);
  });

  test("what is generated compiles under the strictest flags", () => {
    expect(typeCheck(join(golden, "tsconfig.json"))).toEqual([]);
  });
});

describe("a file's code", () => {
  test("is the same alone, together and in reverse order", async () => {
    const together = await generateCopy("together", []);
    const protos = listFiles(join(work, "together")).filter((file) => file.endsWith(".proto"));
    const reversed = await generateCopy("reversed", protos.toReversed());
    const root = mergeCases("alone");
    for (const proto of protos) await generateFiles({ root, paths: [proto] });

    expect(together.written.length).toBeGreaterThan(10);
    expect(readCode(join(work, "reversed"))).toEqual(readCode(join(work, "together")));
    expect(readCode(root)).toEqual(readCode(join(work, "together")));
    expect(reversed.written).toEqual(together.written);
  });
});

function generateCopy(name: string, paths: readonly string[]): Promise<GenerateResult> {
  return generateFiles({ root: mergeCases(name), paths });
}

/** One project with the protos of several cases. */
function mergeCases(name: string): string {
  const root = join(work, name);
  const merged = ["order-service", "method-kinds", "several-services", "reserved-names", "config"];
  for (const part of merged) cpSync(join(golden, part, "proto"), root, { recursive: true });
  return root;
}

function copyCase(name: string): string {
  const root = join(work, name);
  cpSync(join(golden, name, "proto"), root, { recursive: true });
  return root;
}

function readCode(root: string): Record<string, string> {
  const files = listFiles(root).filter(isCode);
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
}

function listFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}

function isCode(file: string): boolean {
  return file.endsWith(".ts") || file.endsWith("_openapi.yaml");
}

/** What tsc says of the generated files; the runtime's sources have flags of their own. */
function typeCheck(project: string): string[] {
  const tsc = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
  try {
    execFileSync(process.execPath, [tsc, "-p", project, "--pretty", "false"], { encoding: "utf8" });
    return [];
  } catch (error) {
    const output = (error as { stdout: string }).stdout;
    return output.split("\n").filter((line) => line.includes("/want/") || line.startsWith("error"));
  }
}
