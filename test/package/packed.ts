import { execFileSync } from "node:child_process";
import { cp, mkdir, readdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A `package.json`, as far as these tests read it. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** What `npm pack --json` says about one package. */
export interface PackReport {
  readonly filename: string;
  /** Bytes of the tarball. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** Packs the package in `folder` as npm publishes it; without `destination` nothing is written. */
export function pack(folder: string, destination?: string): PackReport {
  const where = destination === undefined ? ["--dry-run"] : ["--pack-destination", destination];
  const output = execFileSync("npm", ["pack", "--json", "--silent", "--ignore-scripts", ...where], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  // npm 12 prints an object by package name, earlier ones an array.
  const [report] = Object.values(JSON.parse(output) as Record<string, PackReport>);
  if (report === undefined) throw new Error(`npm pack says nothing: ${output}`);
  return report;
}

/** Unpacks a tarball of npm into `target`, as an installation does. */
export async function unpack(tarball: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
}

/** Builds the runtime's sources into `stage`, a copy of its package, whatever `runtime/dist` holds. */
export async function stageRuntime(stage: string): Promise<void> {
  await mkdir(stage, { recursive: true });
  for (const entry of await readdir(join(root, "runtime"), { withFileTypes: true })) {
    // The rest of what npm packs: the manifest, the readme, the licence.
    if (entry.isFile()) await cp(join(root, "runtime", entry.name), join(stage, entry.name));
  }
  runTsc(["-p", join(root, "runtime/tsconfig.build.json"), "--outDir", join(stage, "dist")]);
}

/** Runs the TypeScript compiler; throws with its messages. */
export function runTsc(args: readonly string[]): void {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  try {
    execFileSync(process.execPath, [tsc, ...args], { stdio: "pipe", encoding: "utf8" });
  } catch (error) {
    const output = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    throw new Error(`tsc ${args.join(" ")} failed:\n${output}`, { cause: error });
  }
}

/** Puts packages that `npm ci` installed here into the `node_modules` of `project`. */
export async function linkInstalled(project: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const target = join(project, "node_modules", name);
    await mkdir(dirname(target), { recursive: true });
    await symlink(join(root, "node_modules", name), target, "junction");
  }
}
