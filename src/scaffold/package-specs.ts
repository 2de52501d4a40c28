import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { OwnPackage } from "../project/own-package.ts";
import type { TemplateFile } from "./template-file.ts";

/** How a made project asks for the CLI and the runtime. */
export interface PackageSpecs {
  /** By package name, as they go into package.json. */
  readonly specs: Readonly<Record<string, string>>;
  /** Tarballs to put into the project's `vendor/`. */
  readonly tarballs: readonly TemplateFile[];
}

const tarballs = { "kratos-ts": "kratos-ts", "@kratos-ts/runtime": "kratos-ts-runtime" };

/**
 * A CLI that runs from a checkout gives its own tarballs, so that the project is whole and can be moved;
 * so does one that was installed from such a project. Any other asks the registry for its own version.
 */
export async function findPackageSpecs(own: OwnPackage): Promise<PackageSpecs> {
  const folders = [
    join(own.root, "dist/vendor"),
    join(own.root, "../../vendor"), // node_modules/kratos-ts → the project's vendor/
  ];
  const names = Object.entries(tarballs);
  const folder = folders.find((candidate) =>
    names.every(([, base]) => existsSync(join(candidate, `${base}-${own.version}.tgz`))),
  );
  if (folder === undefined) {
    const specs = Object.fromEntries(names.map(([name]) => [name, `^${own.version}`]));
    return { specs, tarballs: [] };
  }
  const files = await Promise.all(
    names.map(async ([, base]) => ({
      path: `vendor/${base}-${own.version}.tgz`,
      content: await readFile(join(folder, `${base}-${own.version}.tgz`)),
      executable: false,
    })),
  );
  const specs = names.map(([name, base]) => [name, `file:vendor/${base}-${own.version}.tgz`]);
  return { specs: Object.fromEntries(specs) as Record<string, string>, tarballs: files };
}
