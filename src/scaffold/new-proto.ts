import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { readBufConfig } from "../buf/buf-yaml.ts";
import { isInside, toSlashes } from "../buf/workspace.ts";
import { CliError } from "../cli-error.ts";
import { findProjectRoot, requireProjectRoot } from "../project/project-root.ts";
import { pluralize, splitWords, toPascal, toSnake } from "./names.ts";
import { printOnce } from "./print-once.ts";
import type { TemplateFile } from "./template-file.ts";
import { addFiles } from "./write-project.ts";

/** What `proto add` wrote. */
export interface NewProto {
  /** The files, absolute. */
  readonly files: readonly string[];
  /** The folder that imports of them are relative to, absolute. */
  readonly root: string;
  /** Where the names go against buf's lint rules. */
  readonly notes: readonly string[];
}

const reasonsFile = "error_reason.proto";

/** Words that protobuf's own grammar uses. */
const keywords =
  /^(enum|extend|extensions|group|import|map|max|message|oneof|option|optional|package|public|repeated|required|reserved|returns|rpc|service|stream|syntax|to|weak)$/;

/**
 * Writes a proto with a service at `path`, and an `error_reason.proto` beside it when the folder defines no
 * ErrorReason. Throws USAGE, INVALID_NAME, PROJECT_NOT_FOUND, FILE_EXISTS, WRITE_FAILED; then nothing was written.
 */
export async function addProto(path: string, cwd: string): Promise<NewProto> {
  const file = resolve(cwd, path);
  const { root, packageName, notes } = findPackage(path, file, cwd);
  const values = describe(basename(file), packageName);
  if (existsSync(file)) {
    throw new CliError("FILE_EXISTS", `"${path}" exists already`, {
      hint: "edit it, or choose another name",
    });
  }
  const folder = dirname(file);
  const files: TemplateFile[] = [
    {
      path: basename(file),
      content: await printOnce("service.proto", values),
      executable: false,
    },
  ];
  if (!(await definesErrorReason(folder))) {
    files.push({
      path: reasonsFile,
      content: await printOnce("error_reason.proto", values),
      executable: false,
    });
  }
  await addFiles(folder, files);
  return { files: files.map((written) => join(folder, written.path)), root, notes };
}

interface FoundPackage {
  readonly root: string;
  readonly packageName: string;
  readonly notes: readonly string[];
}

/** The package is the folder, relative to the root that imports are relative to. */
function findPackage(path: string, file: string, cwd: string): FoundPackage {
  const name = basename(file);
  if (!name.endsWith(".proto")) {
    const hasName = /[A-Za-z0-9_]$/.test(path) && !existsSync(file);
    throw new CliError("USAGE", `"${path}" does not end in .proto`, {
      hint: `kratos-ts proto add ${hasName ? toSlashes(path) : "api/order/v1/order"}.proto`,
    });
  }
  if (name === reasonsFile) {
    throw new CliError("INVALID_NAME", `"${name}" is kept for the reasons of errors`, {
      hint: "name the service, such as order.proto; the reasons are then written beside it",
    });
  }
  const module = findModule(path, file, requireProjectRoot(dirname(file)), cwd);
  const segments = toSlashes(relative(module, dirname(file)))
    .split("/")
    .filter((segment) => segment !== "");
  if (segments.length === 0) {
    const base = name.replace(/\..*$/, "");
    throw new CliError("INVALID_NAME", `"${path}" lies in no folder that could name its package`, {
      hint: `kratos-ts proto add ${toSlashes(relative(cwd, join(module, base, "v1", name)))}`,
    });
  }
  checkNames(path, segments, name);
  const notes = [];
  if (segments.length < 2 || !/^v\d+((alpha|beta)\d*)?$/.test(segments.at(-1) ?? "")) {
    notes.push(
      `buf lint wants a version at the end of a package, such as "${segments.join(".")}.v1"`,
    );
  }
  const better = `${toSnake(name.replace(/\.proto$/, ""))}.proto`;
  if (/[A-Z]|\..*\.|__|_\./.test(name)) {
    notes.push(`buf lint wants file names in lower_snake_case, such as "${better}"`);
  }
  return { root: module, packageName: segments.join("."), notes };
}

/** The module of `buf.yaml` that `file` lies in; without one, `api/` or the project's root. */
function findModule(path: string, file: string, root: string, cwd: string): string {
  const folders = listModules(root);
  const found = folders.find((folder) => isInside(folder, file));
  if (found !== undefined) return found;
  const outer = findContractPlace(file, root);
  if (outer !== undefined) {
    throw new CliError("USAGE", `"${path}" lies in no module of buf.yaml`, {
      hint: `contracts belong to the project around this service: \`kratos-ts proto add ${toSlashes(relative(cwd, outer))}\``,
    });
  }
  const names = folders
    .map((folder) => toSlashes(relative(root, folder)) || ".")
    .filter((name) => !isForeign(name));
  throw new CliError("USAGE", `"${path}" lies in no module of buf.yaml`, {
    hint: `use one of ${names.join(", ")}, such as \`kratos-ts proto add ${names[0]}/${toSlashes(path).replace(/^[./]+/, "")}\``,
  });
}

function listModules(root: string): string[] {
  const modules = readBufConfig(root)?.modules.map((module) => resolve(root, module.path));
  return modules ?? [join(root, "api"), join(root, "internal"), root];
}

/** A service made with --nomod has no package.json: where `file` would lie in the project around it. */
function findContractPlace(file: string, root: string): string | undefined {
  if (existsSync(join(root, "package.json"))) return undefined;
  const outer = findProjectRoot(dirname(root));
  if (outer === undefined) return undefined;
  const place = relative(root, file);
  const folders = listModules(outer).filter((folder) => !isForeign(relative(outer, folder)));
  if (folders.some((folder) => isInside(folder, join(outer, place)))) return join(outer, place);
  return folders[0] === undefined ? undefined : join(folders[0], place);
}

/** Whether a folder holds other people's protos. */
function isForeign(name: string): boolean {
  return /^(third_party|vendor)(\/|$)/.test(toSlashes(name));
}

function checkNames(path: string, segments: readonly string[], name: string): void {
  const problems: string[] = [];
  for (const segment of segments) {
    if (!/^[a-z][a-z0-9_]*$/.test(segment)) {
      problems.push(`"${segment}" cannot be part of a package: use a-z, 0-9 and _`);
    } else if (keywords.test(segment)) problems.push(`"${segment}" is a keyword of protobuf`);
  }
  if (!/^[A-Za-z][A-Za-z0-9_.]*$/.test(name)) {
    const better = `${toSnake(name.replace(/\.proto$/, "").replace(/[^A-Za-z0-9]+/g, "_"))}.proto`;
    const hint = /^[a-z]/.test(better) ? `, such as "${better}"` : "";
    problems.push(`"${name}" cannot name a service: use letters, digits and _${hint}`);
  }
  if (problems.length > 0) {
    throw new CliError("INVALID_NAME", `"${path}" cannot be used: ${problems.join("; ")}`, {
      hint: "kratos-ts proto add api/order/v1/order.proto",
    });
  }
}

/** What the templates name. The service is called after the file up to its first dot, as in Kratos. */
function describe(fileName: string, packageName: string): object {
  const base = fileName.replace(/\..*$/, "");
  const plain = base.replace(/(?<=.)_?[Ss]ervice$/, "");
  const resource = toPascal(plain);
  const one = toSnake(plain);
  const many = pluralize(one);
  const version = packageName.split(".").findLast((segment) => /^v\d/.test(segment));
  const article = /^[aeio]|^u(?!ni|se)/.test(one) ? "an" : "a";
  return {
    package: packageName,
    service: `${resource}Service`,
    resource,
    resources: toPascal(many),
    field: one,
    fields: many,
    id: `${one}_id`,
    idVariable: `{${one}_id}`,
    path: `${version === undefined ? "" : `/${version}`}/${many.replaceAll("_", "-")}`,
    constant: one.toUpperCase(),
    words: {
      one: splitWords(one).join(" "),
      many: splitWords(many).join(" "),
      article,
      Article: article === "an" ? "An" : "A",
    },
  };
}

async function definesErrorReason(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((candidate) => candidate.endsWith(".proto"))) {
    const text = await readFile(join(folder, name), "utf8");
    if (name === reasonsFile || /^\s*enum\s+ErrorReason\b/m.test(text)) return true;
  }
  return false;
}
