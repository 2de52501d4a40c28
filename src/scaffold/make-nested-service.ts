import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { basename, dirname, join, posix, relative } from "node:path";
import { parseDocument, YAMLSeq } from "yaml";
import { toSlashes } from "../buf/workspace.ts";
import { CliError } from "../cli-error.ts";
import { readProjectFiles } from "./make-project.ts";
import type { MadeProject, MakeProjectOptions } from "./make-project.ts";
import { parsePackageJson, printPackageJson, sortKeys } from "./package-json.ts";
import { replaceFile } from "./replace-file.ts";
import type { TemplateFile } from "./template-file.ts";
import { widenTsconfig } from "./widen-tsconfig.ts";
import { addFiles, writeProject } from "./write-project.ts";

/** What a service keeps to itself; the rest is the project's around it, as with Kratos's `--nomod`. */
const ownFolders = ["cmd", "configs", "internal", "test"];
const ownFiles = ["buf.yaml", "tsconfig.json", "tsconfig.build.json", "vitest.config.ts"];
const sections = ["dependencies", "devDependencies"] as const;

/**
 * Adds a service to the project around `target`: its program, its layers and its tests, importing the
 * project's `api/`. Packages that the project lacks are added to its package.json, and the layout's api when
 * it has none of that name. Throws PROJECT_NOT_FOUND, TEMPLATE_…, WRITE_FAILED.
 */
export async function makeNestedService(options: MakeProjectOptions): Promise<MadeProject> {
  const { target, replace, signal } = options;
  const root = findOuterProject(target);
  const name = basename(target);
  const template = await readProjectFiles(options, name);
  const place = toSlashes(relative(root, target));

  const service = template.filter(isOwn).map((file) => adaptFile(file, place, root));
  const shared = template.filter(
    ({ path }) =>
      (path.startsWith("api/") || /^vendor\/.*\.tgz$/.test(path)) &&
      !existsSync(join(root, path.startsWith("api/") ? dirname(path) : path)),
  );
  const manifest = await mergePackageJson(root, template);
  const tsconfigs = await widenTsconfigs(root, place);

  await writeProject(target, service, { replace, signal });
  try {
    if (shared.length > 0) await addFiles(root, shared);
    if (manifest.text !== undefined) await replaceFile(join(root, "package.json"), manifest.text);
    for (const { name: file, text } of tsconfigs) {
      if (text !== undefined) await replaceFile(join(root, file), text);
    }
  } catch (error) {
    if (!options.replace) await rm(target, { recursive: true, force: true });
    throw error;
  }
  const notes = [
    ...(manifest.added.length > 0 ? [`added to package.json: ${manifest.added.join(", ")}`] : []),
    ...tsconfigs.map(({ note }) => note),
  ];
  return { name, folder: target, root, files: service.length + shared.length, notes };
}

function findOuterProject(target: string): string {
  for (let folder = dirname(target); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder)) break;
  }
  throw new CliError("PROJECT_NOT_FOUND", `no folder above "${target}" has a package.json`, {
    hint: "--nomod adds a service to a project; make the project first, without --nomod",
  });
}

function isOwn({ path }: TemplateFile): boolean {
  if (path.startsWith("test/services/")) return false;
  return ownFiles.includes(path) || ownFolders.some((folder) => path.startsWith(`${folder}/`));
}

function adaptFile(file: TemplateFile, place: string, root: string): TemplateFile {
  const { path, content } = file;
  if (typeof content !== "string") return file;
  if (path === "buf.yaml") return { ...file, content: keepInternal(content) };
  if (path.startsWith("tsconfig")) {
    return { ...file, content: adaptTsconfig(content, path, place, root) };
  }
  if (!path.endsWith(".ts")) return file;
  const redirected = redirectImports(content, path, place);
  // The documents of the API lie beside what they are generated from.
  const api = JSON.stringify(`${posix.relative(place, "")}/api`);
  return { ...file, content: redirected.replace('join(home, "api")', `join(home, ${api})`) };
}

/** `../../api/…` of a file inside the service means the project's `api/`. */
function redirectImports(text: string, path: string, place: string): string {
  const folder = posix.dirname(path);
  return text.replace(/(["'])(\.\.?\/[^"'\n]+)\1/g, (whole, quote: string, specifier: string) => {
    const meant = posix.join(folder, specifier);
    if (!meant.startsWith("api/")) return whole;
    return quote + posix.relative(posix.join(place, folder), meant) + quote;
  });
}

/** The service's own protos are those of its configuration; `api` and `third_party` are the project's. */
function keepInternal(text: string): string {
  const document = parseDocument(text);
  const modules = document.get("modules");
  if (!(modules instanceof YAMLSeq)) return text;
  modules.items = modules.items.filter((_, index) => {
    const path = document.getIn(["modules", index, "path"]);
    return typeof path === "string" && path.startsWith("internal");
  });
  return document.toString();
}

/** The project's settings, for the folders of the service; the build also takes in what is imported from `api/`. */
function adaptTsconfig(text: string, path: string, place: string, root: string): string {
  const up = posix.relative(place, "");
  const build = path === "tsconfig.build.json";
  const config = JSON.parse(text) as { compilerOptions?: object; include?: string[] };
  const include = (config.include ?? []).filter((pattern) => !pattern.startsWith("api"));
  const inherits = !build && existsSync(join(root, "tsconfig.json"));
  const adapted = {
    ...(inherits ? { extends: `${up}/tsconfig.json` } : config),
    ...(build ? { compilerOptions: { ...config.compilerOptions, rootDir: up } } : {}),
    include,
  };
  return `${JSON.stringify(adapted, null, 2)}\n`;
}

interface TsconfigEdit {
  readonly name: string;
  /** `undefined`: it stays as it is. */
  readonly text: string | undefined;
  readonly note: string;
}

/** The project's type check and build take in the service, or the user is told how to. */
async function widenTsconfigs(root: string, place: string): Promise<TsconfigEdit[]> {
  const wanted = {
    "tsconfig.json": [place],
    "tsconfig.build.json": [`${place}/cmd`, `${place}/internal`],
  };
  const edits: TsconfigEdit[] = [];
  for (const [name, folders] of Object.entries(wanted)) {
    const original = await readFile(join(root, name), "utf8").catch(() => undefined);
    if (original === undefined) continue;
    const { text, missing } = widenTsconfig(original, folders);
    if (missing.length > 0) {
      edits.push({ name, text: undefined, note: `add to "include" of ${name}: ${quote(missing)}` });
    } else if (text !== original) {
      edits.push({ name, text, note: `added to "include" of ${name}: ${quote(folders)}` });
    }
  }
  return edits;
}

function quote(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

interface MergedPackageJson {
  /** `undefined`: nothing was missing. */
  readonly text: string | undefined;
  readonly added: readonly string[];
}

async function mergePackageJson(
  root: string,
  template: readonly TemplateFile[],
): Promise<MergedPackageJson> {
  const path = join(root, "package.json");
  const original = await readFile(path, "utf8");
  const manifest = parsePackageJson(original, path);
  const wanted = template.find((file) => file.path === "package.json")?.content;
  const additions = typeof wanted === "string" ? parsePackageJson(wanted, "package.json") : {};
  const added: string[] = [];
  for (const section of sections) {
    for (const [name, spec] of Object.entries(additions[section] ?? {})) {
      if (sections.some((each) => manifest[each]?.[name] !== undefined)) continue;
      manifest[section] = sortKeys({ ...manifest[section], [name]: spec });
      added.push(name);
    }
  }
  return { text: added.length === 0 ? undefined : printPackageJson(manifest, original), added };
}
