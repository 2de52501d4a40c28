import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ApiEntry } from "./api-text.ts";
import { printApi } from "./api-text.ts";

interface Exports {
  readonly exports: Readonly<Record<string, { readonly types: string }>>;
}

/** The text that `runtime/api.md` should hold, from the sources under `root`. */
export async function printRuntimeApi(root: string): Promise<string> {
  const out = mkdtempSync(join(tmpdir(), "kratos-api-"));
  try {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const project = join(root, "runtime/tsconfig.build.json");
    const options = ["--emitDeclarationOnly", "--declarationMap", "false", "--outDir", out];
    const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", project, ...options]);
    if (status !== 0) throw new Error(`the runtime does not compile:\n${stdout.toString("utf8")}`);
    const manifest = readFileSync(join(root, "runtime/package.json"), "utf8");
    const entries = Object.entries((JSON.parse(manifest) as Exports).exports)
      // Generated from well-known protos: their API is theirs.
      .filter(([subpath]) => !subpath.startsWith("./protos/"))
      .map(([subpath, { types }]): ApiEntry => ({
        specifier: `@kratos-ts/runtime${subpath.slice(1)}`,
        declarations: join(out, types.replace("./dist/", "")),
      }));
    return await printApi("Public API of @kratos-ts/runtime", entries);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
