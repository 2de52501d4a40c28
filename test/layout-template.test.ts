import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generateFiles } from "../src/generate/index.ts";

const root = join(import.meta.dirname, "..");
const example = "examples/order-service";

function read(...path: string[]): string {
  return readFileSync(join(root, ...path), "utf8");
}

function listFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, folder).length + 1))
    .sort();
}

test.for(["layout-template/third_party", `${example}/third_party`])(
  "%s holds the schemas that the CLI brings",
  (folder) => {
    const files = listFiles("third_party");

    expect(listFiles(folder)).toEqual(files);
    for (const file of files) expect(read(folder, file)).toBe(read("third_party", file));
  },
);

test.for(["layout-template", example])("%s holds what its protos generate", async (folder) => {
  const result = await generateFiles({
    root: join(root, folder),
    paths: ["api", "internal"],
    check: true,
  });

  expect(result).toMatchObject({ diagnostics: [], missing: [], stale: [], orphaned: [] });
  expect(result.unchanged).not.toEqual([]);
});

// The example is a project that was made from the layout; what it did not have to change, it shares.
test.for([
  ".oxlintrc.json",
  "buf.yaml",
  "tsconfig.json",
  "tsconfig.build.json",
  "vitest.config.ts",
  "vitest.services.config.ts",
  "cmd/kratos-layout/flags.ts",
  "cmd/kratos-layout/main.ts",
  "internal/data/data.ts",
  "internal/data/postgres-database.ts",
  "internal/data/sql-database.ts",
  "internal/data/sqlite-claim.ts",
  "internal/data/sqlite-database.ts",
  "internal/server/grpc.ts",
  "internal/server/http.ts",
  "test/services/make-postgres-database.ts",
])("the order service has %s as the layout has it", (file) => {
  const expected = read("layout-template", file).replaceAll("kratos-layout", "order-service");

  expect(read(example, file.replace("kratos-layout", "order-service"))).toBe(expected);
});

test("the layout's Makefile calls scripts that are there", () => {
  const { scripts } = JSON.parse(read("layout-template", "package.json")) as {
    scripts: Record<string, string>;
  };
  const makefile = read("layout-template", "Makefile");
  const called = [...makefile.matchAll(/^\tnpm (?:run )?([a-z:]+)$/gm)].map(([, name]) => name!);

  expect(called.filter((name) => name !== "ci")).toEqual([
    "generate",
    "check",
    "build",
    "dev",
    "test",
    "lint",
  ]);
  for (const name of called) expect(["ci", ...Object.keys(scripts)]).toContain(name);
});
