import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where this CLI lies, be it a checkout or an installed package. */
export interface OwnPackage {
  /** Absolute path of the folder with `package.json`, `templates/` and `dist/`. */
  readonly root: string;
  readonly version: string;
}

/** Finds the CLI's own package from where its code lies: sources and bundle are at different depths. */
export function readOwnPackage(from: string = import.meta.url): OwnPackage {
  for (let folder = dirname(fileURLToPath(from)); ; folder = dirname(folder)) {
    const path = join(folder, "package.json");
    if (existsSync(path)) {
      const { name, version } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
      if (name === "kratos-ts" && typeof version === "string") return { root: folder, version };
    }
    if (folder === dirname(folder)) {
      throw new Error(`no package.json of kratos-ts above "${fileURLToPath(from)}"`);
    }
  }
}
