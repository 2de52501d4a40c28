import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createTemplates, type Templates } from "../codegen/templates.ts";

/** Reads the templates of generated files from the CLI's own package at `packageRoot`. */
export function readTemplates(packageRoot: string): Templates {
  const read = (name: string): string =>
    readFileSync(join(packageRoot, "templates/generated", `${name}.ts.hbs`), "utf8");
  return createTemplates({
    http: read("http"),
    grpc: read("grpc"),
    errors: read("errors"),
    config: read("config"),
  });
}
