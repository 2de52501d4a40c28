import { basename, join } from "node:path";
import { CliError } from "../cli-error.ts";
import type { OwnPackage } from "../project/own-package.ts";
import { fetchTemplate } from "./fetch-template.ts";
import type { TemplateSource } from "./fetch-template.ts";
import { fillPackageJson, parsePackageJson } from "./package-json.ts";
import { findPackageSpecs } from "./package-specs.ts";
import { checkProjectName } from "./project-name.ts";
import { renameTemplate } from "./rename-template.ts";
import { readTemplate } from "./template-file.ts";
import type { TemplateFile } from "./template-file.ts";
import { findObstacles, refuseObstacles, writeProject } from "./write-project.ts";

/** What project to make. */
export interface MakeProjectOptions {
  /** Absolute. */
  readonly target: string;
  /** Default: the layout that comes with the CLI. */
  readonly template: TemplateSource | undefined;
  /** Whether the content of a non-empty folder may be replaced. */
  readonly replace: boolean;
  readonly own: OwnPackage;
  /** Ends it before anything is at the target. */
  readonly signal: AbortSignal;
}

/** What was made. */
export interface MadeProject {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** Where its package.json lies: the folder itself, but for a service added to a project. */
  readonly root: string;
  /** How many files. */
  readonly files: number;
  /** What the user should know or do. */
  readonly notes: readonly string[];
}

/** Refuses bad names and folders in use before anything is fetched or written. */
export async function checkTarget(target: string, replace: boolean): Promise<void> {
  checkProjectName(basename(target));
  // Also tells what is no folder.
  await (replace ? findObstacles(target) : refuseObstacles(target));
}

/**
 * Makes a project whole, or leaves nothing behind, at a target that {@link checkTarget} has accepted. Touches
 * the network only for a git template.
 */
export async function makeProject(options: MakeProjectOptions): Promise<MadeProject> {
  const { target, replace, signal } = options;
  const name = basename(target);
  const files = await readProjectFiles(options, name);
  await writeProject(target, files, { replace, signal });
  return { name, folder: target, root: target, files: files.length, notes: [] };
}

/** The template's files with the project's name and packages, its tarballs among them. */
export async function readProjectFiles(
  options: MakeProjectOptions,
  name: string,
): Promise<TemplateFile[]> {
  const { own, template } = options;
  if (template === undefined) {
    return adapt(await readTemplate(join(own.root, "layout-template")), name, own);
  }
  const fetched = await fetchTemplate(template);
  try {
    return await adapt(await readTemplate(fetched.folder), name, own, template.repo);
  } finally {
    await fetched.dispose();
  }
}

async function adapt(
  template: readonly TemplateFile[],
  name: string,
  own: OwnPackage,
  repo = "layout-template",
): Promise<TemplateFile[]> {
  const manifest = template.find((file) => file.path === "package.json");
  if (typeof manifest?.content !== "string") {
    throw new CliError("TEMPLATE_INVALID", `the template "${repo}" has no package.json`, {
      hint: "a template is a whole project, such as `kratos-ts new` makes",
    });
  }
  const { name: fullName = "" } = parsePackageJson(manifest.content, `${repo}/package.json`);
  const templateName = fullName.replace(/^@[^/]*\//, "");
  const { specs, tarballs } = await findPackageSpecs(own);
  const kept = template.filter((file) => !isReplaced(file.path, tarballs.length > 0));
  const renamed = templateName === "" ? kept : renameTemplate(kept, templateName, name);
  const files = renamed.map((file) =>
    file.path === "package.json" && typeof file.content === "string"
      ? { ...file, content: fillPackageJson(file.content, name, specs) }
      : file,
  );
  return [...files, ...tarballs];
}

/** A made project may be a template itself: its tarballs, and a lock that knows their hashes, are not wanted. */
function isReplaced(path: string, vendored: boolean): boolean {
  return /^vendor\/kratos-ts-.*\.tgz$/.test(path) || (vendored && path === "package-lock.json");
}
