// Builds all that is shipped: runtime/dist, the CLI's bundle in dist/, and both packed into
// dist/vendor/, from where `kratos-ts new` takes them while they are not on a registry.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What running the layout where it lies leaves there. */
const layoutLeftover = /^(dist|data|coverage)(\/|$)|(^|\/)(node_modules|\.env)(\/|$)|\.(log|tgz)$/;

/** What in package.json is about this repository, not about what is published. */
const workspaceKeys = new Set([
  "private",
  "workspaces",
  "scripts",
  "devDependencies",
  "overrides",
  "scarfSettings",
]);

// Made apart and swapped in, so that what runs meanwhile, another build too, never sees half of it.
const scratch = join(root, ".cache", `build-${process.pid}`);
const dist = join(scratch, "dist");

const steps = {
  runtime: buildRuntime,
  cli: buildCli,
  stage: stageCli,
  pack: packBoth,
  link: linkBins,
};
try {
  for (const [name, step] of Object.entries(steps)) {
    const start = performance.now();
    await step();
    console.log(`${name.padEnd(8)}${Math.round(performance.now() - start)} ms`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function buildRuntime() {
  const out = join(scratch, "runtime");
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", "runtime/tsconfig.build.json", "--outDir", out], {
    cwd: root,
    stdio: "inherit",
  });
  swap(out, join(root, "runtime/dist"));
}

async function buildCli() {
  const bundle = await rolldown({
    cwd: root,
    input: entries(),
    platform: "node",
    // Loaded only when a command needs them; each is too big, or native.
    external: [
      /^prettier(\/|$)/,
      /^oxc-parser(\/|$)/,
      /^oxc-transform(\/|$)/,
      /^@bufbuild\/buf(\/|$)/,
    ],
    resolve: { conditionNames: ["@kratos-ts/source", "node", "import", "default"] },
    plugins: [stub(/^(typescript|@typescript\/vfs)$/), rememberInProtoplugin()],
    checks: { pluginTimings: false },
  });
  const { output } = await bundle.write({
    dir: dist,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: false } },
  });
  await bundle.close();
  writeFileSync(join(dist, "THIRD-PARTY-LICENSES.txt"), collectLicences(output));
  for (const preload of ["register.js", "end-with-parent.js"]) {
    copyFileSync(join(root, "scripts", preload), join(dist, preload));
  }
}

/** The licences of the packages whose code is in the bundle, which they want to go along. */
function collectLicences(output) {
  const modules = output.flatMap((chunk) => Object.keys(chunk.modules ?? {}));
  const packages = modules.flatMap(
    (id) => /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? [],
  );
  return [...new Set(packages)]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(
        readFileSync(join(folder, "package.json"), "utf8"),
      );
      const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
      const text =
        file === undefined ? "" : `\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
      return `${name} ${version} (${license})\n${text}`;
    })
    .join(`\n${"-".repeat(80)}\n\n`);
}

/** main.ts and one entry for each protoc plugin. */
function entries() {
  const found = { main: "src/main.ts" };
  const plugins = join(root, "src/plugins");
  for (const file of existsSync(plugins) ? readdirSync(plugins) : []) {
    if (file.startsWith("protoc-gen-")) found[file.replace(/\.ts$/, "")] = `src/plugins/${file}`;
  }
  return found;
}

/** protoplugin imports the TypeScript compiler to transpile to JavaScript, which is never asked of it here. */
function stub(names) {
  const id = "\0stub";
  return {
    name: "stub",
    resolveId: (source) => (names.test(source) ? id : undefined),
    load: (source) =>
      source === id
        ? "const missing = new Proxy({}, { get(_, key) { if (key === '__esModule' || key === 'default') return undefined; throw new Error(`typescript.${String(key)} is not part of this bundle`); } });\nexport default missing; export const createDefaultMapFromNodeModules = missing, createSystem = missing, createVirtualCompilerHost = missing, createVirtualTypeScriptEnvironment = missing;"
        : undefined,
  };
}

/**
 * protoplugin finds the names of all messages of a file, and searches all its comments, anew for each
 * declaration that it prints. That takes time that grows with the square of the file, minutes for one with a
 * thousand messages, so the bundle remembers.
 */
function listRemembered() {
  return [
    {
      file: "names.js",
      declaration: "function allNames(file) {",
      replacement: `const namesByFile = new WeakMap();
function allNames(file) {
  let names = namesByFile.get(file);
  if (names === undefined) namesByFile.set(file, (names = findAllNames(file)));
  return names;
}
function findAllNames(file) {`,
    },
    {
      file: "source-code-info.js",
      declaration: "function findComments(sourceCodeInfo, sourcePath) {",
      replacement: `const locationsByInfo = new WeakMap();
function findComments(sourceCodeInfo, sourcePath) {
  if (sourceCodeInfo === undefined) return searchComments(undefined, sourcePath);
  let locations = locationsByInfo.get(sourceCodeInfo);
  if (locations === undefined) {
    // Of several with one path the first counts.
    const entries = sourceCodeInfo.location.map((location) => [location.path.join(), location]);
    locationsByInfo.set(sourceCodeInfo, (locations = new Map(entries.reverse())));
  }
  const location = locations.get(sourcePath.join());
  return searchComments({ location: location === undefined ? [] : [location] }, sourcePath);
}
function searchComments(sourceCodeInfo, sourcePath) {`,
    },
  ];
}

function rememberInProtoplugin() {
  const remembered = listRemembered();
  const left = new Set(remembered.map(({ file }) => file));
  return {
    name: "remember-in-protoplugin",
    transform(code, id) {
      const name = /\/protoplugin\/dist\/(?:cjs|esm)\/([^/]*)$/.exec(id.replaceAll("\\", "/"))?.[1];
      const found = remembered.find(({ file }) => file === name);
      if (found === undefined || !code.includes(found.declaration)) return undefined;
      left.delete(found.file);
      return { code: code.replace(found.declaration, found.replacement), map: null };
    },
    buildEnd() {
      if (left.size > 0) throw new Error(`protoplugin has changed: see to ${[...left].join(", ")}`);
    },
  };
}

/**
 * The package as it is published, in dist/package. The root's own package.json is the workspace's: it names
 * no bin, since npx would then install the checkout into its cache, at each call, before it runs it.
 */
function stageCli() {
  const stage = join(scratch, "package");
  cpSync(dist, join(stage, "dist"), { recursive: true });
  for (const name of ["bin", "templates", "third_party", "LICENSE", "README.md"]) {
    if (existsSync(join(root, name))) {
      cpSync(join(root, name), join(stage, name), { recursive: true });
    }
  }
  const layout = join(root, "layout-template");
  cpSync(layout, join(stage, "layout-template"), {
    recursive: true,
    filter: (path) => !layoutLeftover.test(relative(layout, path)),
  });
  const manifest = Object.entries(readManifest()).filter(([key]) => !workspaceKeys.has(key));
  writeFileSync(
    join(stage, "package.json"),
    `${JSON.stringify({ ...Object.fromEntries(manifest), bin: listBins() }, null, 2)}\n`,
  );
  renameSync(stage, join(dist, "package"));
}

function packBoth() {
  const vendor = join(dist, "vendor");
  mkdirSync(vendor, { recursive: true });
  // As `prepare`, this runs inside an npm whose flags must not reach the inner one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) => !/^npm_(package|lifecycle|command|config_(dry_run|workspace))/i.test(key),
    ),
  );
  const flags = ["--json", "--silent", "--ignore-scripts", "--pack-destination", vendor];
  const output = execFileSync("npm", ["pack", ...flags, join(dist, "package"), "./runtime"], {
    cwd: root,
    env,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  for (const { name, version, filename } of Object.values(JSON.parse(output))) {
    const wanted = `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
    if (filename !== wanted) renameSync(join(vendor, filename), join(vendor, wanted));
  }
  swap(dist, join(root, "dist"));
}

/** Puts the folder `made` in the place of `target`. */
function swap(made, target) {
  const old = join(scratch, "old");
  if (existsSync(target)) renameSync(target, old);
  renameSync(made, target);
  rmSync(old, { recursive: true, force: true });
}

/** Makes the programs known to npx and to npm scripts of this repository. */
function linkBins() {
  const folder = join(root, "node_modules/.bin");
  mkdirSync(folder, { recursive: true });
  for (const [name, target] of Object.entries(listBins())) {
    const link = join(folder, name);
    rmSync(link, { force: true });
    if (process.platform === "win32") {
      writeFileSync(`${link}.cmd`, `@node "%~dp0\\..\\..\\${target.replace("/", "\\")}" %*\r\n`);
    } else {
      symlinkSync(join("../..", target), link);
    }
  }
}

/** Every file of bin/ is a program. */
function listBins() {
  const files = readdirSync(join(root, "bin")).sort();
  return Object.fromEntries(files.map((file) => [file.replace(/\.js$/, ""), `bin/${file}`]));
}

function readManifest() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
}
