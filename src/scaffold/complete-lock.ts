import { readFile, writeFile } from "node:fs/promises";

/** A `package-lock.json` of version 3, as far as it is of interest here. */
interface PackageLock {
  readonly packages?: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly engines?: unknown;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * Adds to the lock file what npm left out: packages of native code for other platforms that the registry
 * in use does not have, as mirrors often do not. Without them `npm ci` refuses the lock file, here and on
 * those platforms. Returns the names that were added; a lock file that is not there is left alone.
 */
export async function completeLockFile(path: string): Promise<string[]> {
  const text = await readText(path);
  if (text === undefined) return [];
  const lock = JSON.parse(text) as PackageLock;
  const missing = findMissing(lock.packages ?? {});
  const names = Object.keys(missing);
  if (names.length > 0) {
    const packages = Object.entries({ ...lock.packages, ...missing });
    packages.sort(([a], [b]) => a.localeCompare(b, "en")); // as npm sorts
    const complete = { ...lock, packages: Object.fromEntries(packages) };
    await writeFile(path, `${JSON.stringify(complete, undefined, 2)}\n`);
  }
  return names.map(packageAt);
}

const nodeModules = "node_modules/";

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    // npm can be told to write none.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function findMissing(
  packages: Readonly<Record<string, LockedPackage>>,
): Record<string, LockedPackage> {
  const missing: Record<string, LockedPackage> = {};
  for (const [parent, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const platform = parsePlatform(name);
      // Native packages name the very version that fits; anything else is not ours to guess.
      if (platform === undefined || !/^\d+\.\d+\.\d+$/.test(version)) continue;
      const found = foldersAbove(parent).find((folder) => folder + name in packages);
      if (found !== undefined && packages[found + name]?.version === version) continue;
      const folder = found === undefined ? nodeModules : `${parent}/${nodeModules}`;
      missing[folder + name] = describeMissing(entry, version, platform);
    }
  }
  return missing;
}

function describeMissing(
  { dev, license, engines }: LockedPackage,
  version: string,
  { os, cpu, libc }: Platform,
): LockedPackage {
  // In npm's order.
  const entry = { version, cpu: [cpu], dev, libc, license, optional: true, os, engines };
  return JSON.parse(JSON.stringify(entry)) as LockedPackage; // without what is undefined
}

/** Where Node looks for what the package at `parent` imports, nearest first. */
function foldersAbove(parent: string): string[] {
  const folders = [`${parent}/${nodeModules}`];
  for (let end = parent.lastIndexOf(nodeModules); end >= 0;) {
    folders.push(parent.slice(0, end + nodeModules.length));
    end = end === 0 ? -1 : parent.lastIndexOf(nodeModules, end - 1);
  }
  return folders;
}

function packageAt(key: string): string {
  return key.slice(key.lastIndexOf(nodeModules) + nodeModules.length);
}

/** Where a native package runs, in npm's words. */
interface Platform {
  readonly os: readonly string[] | undefined;
  readonly cpu: string;
  readonly libc: readonly string[] | undefined;
}

const systems = new Set(["aix", "android", "darwin", "freebsd", "linux", "openharmony", "win32"]);
const processors = new Map([
  ["aarch64", "arm64"],
  ["arm", "arm"],
  ["arm64", "arm64"],
  ["armv7", "arm"],
  ["ia32", "ia32"],
  ["ppc64", "ppc64"],
  ["riscv64", "riscv64"],
  ["s390x", "s390x"],
  ["wasm32", "wasm32"],
  ["x64", "x64"],
]);

/** Reads `@oxc-parser/binding-linux-arm64-musl`: native packages are named after where they run. */
function parsePlatform(name: string): Platform | undefined {
  const words = name.split(/[-/]/);
  const os = words.find((word) => systems.has(word));
  const cpu = words.map((word) => processors.get(word)).find((word) => word !== undefined);
  if (cpu === undefined || (os === undefined && cpu !== "wasm32")) return undefined;
  const last = words.at(-1) ?? "";
  const libc = last.startsWith("musl") ? "musl" : last.startsWith("gnu") ? "glibc" : undefined;
  return {
    os: os === undefined ? undefined : [os],
    cpu,
    libc: libc === undefined ? undefined : [libc],
  };
}
