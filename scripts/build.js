// Builds all that is shipped: runtime/dist, the CLI's bundle in dist/, and both packed into
// dist/vendor/, from where `kratos-ts new` takes them while they are not on a registry.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));
const steps = { runtime: buildRuntime, cli: buildCli, pack: packBoth, link: linkBin };

// `node scripts/build.js cli link` does these steps alone.
const chosen = process.argv.slice(2);
for (const [name, step] of Object.entries(steps)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const start = performance.now();
  await step();
  console.log(`${name.padEnd(8)}${Math.round(performance.now() - start)} ms`);
}

function buildRuntime() {
  rmSync(join(root, "runtime/dist"), { recursive: true, force: true });
  execFileSync(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "-p", "runtime/tsconfig.build.json"],
    { cwd: root, stdio: "inherit" },
  );
}

async function buildCli() {
  const out = join(root, ".cache/dist");
  rmSync(out, { recursive: true, force: true });
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
    plugins: [stub(/^(typescript|@typescript\/vfs)$/)],
    checks: { pluginTimings: false },
  });
  await bundle.write({
    dir: out,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: false } },
  });
  await bundle.close();
  copyFileSync(join(root, "scripts/register.js"), join(out, "register.js"));
  // Swapped at the end, so that a CLI in use is never half there.
  const dist = join(root, "dist");
  if (existsSync(join(dist, "vendor"))) renameSync(join(dist, "vendor"), join(out, "vendor"));
  rmSync(dist, { recursive: true, force: true });
  renameSync(out, dist);
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

function packBoth() {
  const vendor = join(root, "dist/vendor");
  mkdirSync(vendor, { recursive: true });
  // As `prepare`, this runs inside an npm whose flags must not reach the inner one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) => !/^npm_(package|lifecycle|command|config_(dry_run|workspace))/i.test(key),
    ),
  );
  const output = execFileSync(
    "npm",
    [
      "pack",
      "--json",
      "--silent",
      "--ignore-scripts",
      "--pack-destination",
      vendor,
      ".",
      "./runtime",
    ],
    { cwd: root, env, encoding: "utf8", shell: process.platform === "win32" },
  );
  for (const { name, version, filename } of Object.values(JSON.parse(output))) {
    const wanted = `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
    if (filename !== wanted) renameSync(join(vendor, filename), join(vendor, wanted));
  }
}

/** npm links no bin of the root package; with this, `npx kratos-ts` in the checkout is at once and offline. */
function linkBin() {
  const bin = join(root, "node_modules/.bin");
  if (process.platform === "win32" || !existsSync(bin)) return;
  const { bin: bins } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const [name, target] of Object.entries(bins)) {
    rmSync(join(bin, name), { force: true });
    symlinkSync(join("../..", target), join(bin, name));
  }
}
