import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What the build reads. */
const inputs = [
  "bin",
  "layout-template",
  "package.json",
  "runtime/package.json",
  "runtime/src",
  "runtime/tsconfig.build.json",
  "scripts/build.js",
  "scripts/end-with-parent.js",
  "scripts/register.js",
  "src",
  "templates",
  "third_party",
];

const notInputs = new Set(["node_modules"]);

/** Tests of the CLI run what users run: it is built before them, unless nothing has changed since the last time. */
export function setup(): void {
  if (asksForRuntimeAlone(process.argv.slice(2))) return;
  const vendor = join(root, "dist/vendor");
  const built = existsSync(vendor)
    ? Math.min(...readdirSync(vendor).map((name) => modified(join(vendor, name))))
    : 0;
  if (inputs.every((input) => newest(join(root, input)) < built)) return;
  execFileSync(process.execPath, ["scripts/build.js"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** The runtime's tests read its sources, so someone at work on these need not wait for a build. */
function asksForRuntimeAlone(args: readonly string[]): boolean {
  const paths = args.filter((arg) => arg.includes("/") && !arg.startsWith("-"));
  return paths.length > 0 && paths.every((path) => path.startsWith("runtime/"));
}

/** When the last change below `path` happened, in milliseconds since the epoch; removing a file is one, of its folder. */
function newest(path: string): number {
  let latest = modified(path);
  if (!statSync(path).isDirectory()) return latest;
  for (const name of readdirSync(path)) {
    if (!notInputs.has(name)) latest = Math.max(latest, newest(join(path, name)));
  }
  return latest;
}

function modified(path: string): number {
  return statSync(path).mtimeMs;
}
