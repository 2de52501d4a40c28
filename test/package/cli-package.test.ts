import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Manifest, PackReport } from "./packed.ts";
import { linkInstalled, pack, root, unpack } from "./packed.ts";

let folder = "";
let report: PackReport;
let manifest: Manifest;
let paths: readonly string[] = [];

beforeAll(async () => {
  if (!existsSync(join(root, "dist/main.js"))) {
    throw new Error('the CLI is not built, run "npm run build" first');
  }
  folder = await mkdtemp(join(tmpdir(), "kratos-package-"));
  const stage = join(root, "dist/package");
  report = pack(stage, folder);
  manifest = JSON.parse(await readFile(join(stage, "package.json"), "utf8")) as Manifest;
  paths = report.files.map(({ path }) => path);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("holds every program that it names", () => {
  const programs = Object.values(manifest.bin ?? {});
  expect(programs.length).toBeGreaterThan(0);
  expect(programs.filter((path) => !paths.includes(path))).toEqual([]);
});

test.for([
  ["the bundled code", /^dist\/main\.js$/],
  ["the loader of TypeScript sources", /^dist\/register\.js$/],
  ["the layout's service", /^layout-template\/cmd\/[^/]+\/main\.ts$/],
  ["the layout's protos", /^layout-template\/api\/.+\.proto$/],
  ["the layout's configuration", /^layout-template\/configs\/config\.yaml$/],
  ["the layout's tests", /^layout-template\/test\/.+\.test\.ts$/],
  [
    "the layout's list of files that git leaves out, under a name that npm packs",
    /^layout-template\/_gitignore$/,
  ],
  ["the templates of generated code", /^templates\/generated\/.+\.hbs$/],
  ["the templates of the user's code", /^templates\/once\/.+\.hbs$/],
  ["the well-known protos", /^third_party\/google\/api\/annotations\.proto$/],
  ["the licence", /^LICENSE$/],
] as const)("holds %s", ([, pattern]) => {
  expect(paths.filter((path) => pattern.test(path))).not.toEqual([]);
});

test.for([
  ["sources", /^(?:src|runtime|contrib|examples|scripts|bench)\//],
  ["tests of this repository", /^(?:test|fixtures)\//],
  ["packed tarballs", /\.tgz$/],
  ["installed packages", /(?:^|\/)node_modules\//],
  ["build output or data of the layout", /^layout-template\/(?:dist|coverage|data)\//],
  ["secrets, logs or databases", /(?:^|\/)(?:\.env.*|.*\.(?:log|db|sqlite3?))$/],
] as const)("leaves out %s", ([, pattern]) => {
  expect(paths.filter((path) => pattern.test(path))).toEqual([]);
});

test("installs buf, prettier and oxc, and bundles the rest", () => {
  expect(Object.keys(manifest.dependencies ?? {}).toSorted()).toEqual([
    "@bufbuild/buf",
    "oxc-parser",
    "oxc-transform",
    "prettier",
  ]);
});

test("stays small", () => {
  expect(report.size).toBeLessThan(2 * 1024 * 1024);
  expect(report.unpackedSize).toBeLessThan(8 * 1024 * 1024);
});

test("runs from where it is installed", async () => {
  const project = join(folder, "project");
  const installed = join(project, "node_modules/kratos-ts");
  await unpack(join(folder, report.filename), installed);
  await linkInstalled(project, Object.keys(manifest.dependencies ?? {}));
  const program = join(installed, manifest.bin?.["kratos-ts"] ?? "");
  const run = (...args: string[]): string =>
    execFileSync(process.execPath, [program, ...args], { cwd: folder, encoding: "utf8" });
  expect(run("--version").trim()).toBe(manifest.version);
  expect(run("--help")).toContain("proto");
});
