import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseSourceFile } from "../../scripts/boundaries/source-file.ts";
import { packageName } from "../../scripts/boundaries/module-graph.ts";
import type { Manifest, PackReport } from "./packed.ts";
import { linkInstalled, pack, root, runTsc, stageRuntime, unpack } from "./packed.ts";

/** Everything that an installed runtime may pull in. */
const allowed = ["@bufbuild/protobuf", "ws", "yaml"];

let folder = "";
let installed = "";
let report: PackReport;
let manifest: Manifest;

// The tarball is unpacked into an otherwise empty project, as an installation would do it; what it may
// depend on comes from the installation here, so that this test needs no network.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kratos-package-"));
  await stageRuntime(join(folder, "stage"));
  report = pack(join(folder, "stage"), folder);
  installed = join(folder, "project/node_modules/@kratos-ts/runtime");
  await unpack(join(folder, report.filename), installed);
  await linkInstalled(join(folder, "project"), allowed);
  manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8")) as Manifest;
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("depends on what is allowed and on nothing else", () => {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifest;
  const { peerDependenciesMeta = {} } = manifest;
  const names = [dependencies, optionalDependencies, peerDependencies].flatMap(Object.keys);
  const optional = names.filter((name) => peerDependenciesMeta[name]?.optional === true);
  expect(names.filter((name) => !optional.includes(name)).toSorted()).toEqual(allowed);
  // What installers leave out, unless a service asks for it.
  expect(optional).toEqual(["swagger-ui-dist"]);
});

test("depends on packages that depend on nothing", async () => {
  for (const name of allowed) {
    const file = join(root, "node_modules", name, "package.json");
    const found = JSON.parse(await readFile(file, "utf8")) as Manifest;
    const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {}, scripts } = found;
    const peers = Object.keys(peerDependencies).filter(
      (peer) => peerDependenciesMeta[peer]?.optional !== true,
    );
    expect({ name, dependencies, peers }).toEqual({ name, dependencies: {}, peers: [] });
    expect(Object.keys(scripts ?? {})).not.toContain("postinstall");
  }
});

test("runs no script when it is installed", () => {
  expect(manifest.scripts ?? {}).toEqual({});
});

test("holds every file that its exports name", () => {
  const packed = new Set(report.files.map(({ path }) => `./${path}`));
  const targets = Object.values(manifest.exports ?? {}).flatMap(
    ({ types = "", default: code = "" }) => [types, code],
  );
  expect(targets.length).toBeGreaterThan(0);
  expect(targets.filter((target) => !packed.has(target))).toEqual([]);
});

test("holds compiled code and its types alone", () => {
  const strange = report.files
    .map(({ path }) => path)
    .filter((path) => !/^(?:package\.json|README\.md|LICENSE|dist\/.+\.(?:js|d\.ts))$/.test(path));
  expect(strange).toEqual([]);
});

test("stays small", () => {
  expect(report.size).toBeLessThan(700 * 1024);
  // Less than the one peer that it has, @bufbuild/protobuf.
  expect(report.unpackedSize).toBeLessThan(3 * 1024 * 1024);
});

test("loads every entry with plain Node", () => {
  const entries = Object.keys(manifest.exports ?? {}).map(
    (entry) => manifest.name + entry.slice(1),
  );
  const script = `
    for (const entry of ${JSON.stringify(entries)}) {
      const names = Object.keys(await import(entry));
      console.log(entry, names.length);
    }`;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: join(folder, "project"),
    encoding: "utf8",
  });
  expect(
    output
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[0]),
  ).toEqual(entries);
});

test("tells what to install where a page of the API is wanted", async () => {
  const project = join(folder, "project");
  const info = 'info: { title: A, version: "1" }';
  await writeFile(join(project, "a_openapi.yaml"), `openapi: 3.1.1\n${info}\npaths: {}\n`);
  const script = `
    import { openApi } from "@kratos-ts/runtime/openapi";
    console.log(openApi({ documents: ".", swaggerUi: false }).length);
    try { openApi({ documents: "." }); } catch (error) { console.log(error.message); }`;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: project,
    encoding: "utf8",
  });
  expect(output).toBe(
    '2\n"swagger-ui-dist" is not installed, which the page of the API needs: ' +
      "npm install --ignore-scripts swagger-ui-dist, or turn the page off\n",
  );
});

test("imports nothing else, in code and in types", async () => {
  const used = new Set<string>();
  for (const path of await readdir(join(installed, "dist"), { recursive: true })) {
    if (!/\.(?:js|d\.ts)$/.test(path)) continue;
    const text = await readFile(join(installed, "dist", path), "utf8");
    for (const { specifier } of parseSourceFile(path, text).imports) {
      if (!/^(?:\.|node:)/.test(specifier)) used.add(packageName(specifier));
    }
  }
  expect(Array.from(used).toSorted()).toEqual(allowed);
});

test("has types that compile under the strictest flags", async () => {
  const project = join(folder, "project");
  await linkInstalled(project, ["@types/node", "undici-types"]);
  const entries = Object.keys(manifest.exports ?? {});
  const lines = entries.map(
    (entry, index) => `export * as entry${index} from "${manifest.name}${entry.slice(1)}";`,
  );
  await writeFile(join(project, "consumer.ts"), `${lines.join("\n")}\n`);
  await writeFile(join(project, "package.json"), JSON.stringify({ type: "module" }));
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    isolatedModules: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
    noEmit: true,
  };
  const config = { compilerOptions, files: ["consumer.ts"] };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify(config));
  expect(() => runTsc(["-p", project])).not.toThrow();
});
