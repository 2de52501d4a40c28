import { readFile } from "node:fs/promises";
import { join } from "node:path";
import Handlebars from "handlebars";
import { readOwnPackage } from "../project/own-package.ts";

/** Fills a template of `templates/once/`. A name in it that `values` lacks is an error. */
export async function printOnce(name: string, values: object): Promise<string> {
  const path = join(readOwnPackage().root, "templates", "once", `${name}.hbs`);
  const template = Handlebars.compile(await readFile(path, "utf8"), {
    noEscape: true,
    strict: true,
  });
  return template(values);
}
