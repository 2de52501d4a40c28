import { createFileRegistry, type DescFile } from "@bufbuild/protobuf";
import type { FileDescriptorSet } from "@bufbuild/protobuf/wkt";
import { join, resolve } from "node:path";
import { buildDescriptorSet } from "../buf/build.ts";
import {
  displayPath,
  openWorkspace,
  resolveImport,
  type ProtoWorkspace,
} from "../buf/workspace.ts";
import { carriesComments } from "../codegen/openapi/description.ts";
import { hasErrors, sortDiagnostics, type Diagnostic } from "../diagnostic.ts";
import type { Emit } from "../model/emit.ts";
import { readModel, type FileFacts } from "../model/model.ts";
import { readKratosYaml, type KratosConfig } from "../project/kratos-yaml.ts";
import { findBundled } from "./bundled.ts";
import { checkImports } from "./check-imports.ts";
import { isConfigPath } from "./config-file.ts";
import type { GenerateOptions } from "./options.ts";
import { findTargets, ownFolders, resolvePaths, type Target } from "./targets.ts";

/** What to generate from which descriptors; or the errors that keep us from it. */
export type Plan =
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }
  | {
      readonly ok: true;
      readonly workspace: ProtoWorkspace;
      readonly targets: readonly Target[];
      /** Descriptors of the targets and of all that they import. */
      readonly set: FileDescriptorSet;
      /** Facts of the targets. */
      readonly files: readonly FileFacts[];
      /** Import paths of schemas whose code comes with the runtime. */
      readonly provided: ReadonlySet<string>;
      /** Warnings. */
      readonly diagnostics: readonly Diagnostic[];
    };

const apiKinds: ReadonlySet<Emit> = new Set(["messages", "http", "grpc", "errors", "openapi"]);
const configKinds: ReadonlySet<Emit> = new Set(["config"]);

/** The protos of a project, found and not yet read. */
export interface OpenedProject {
  readonly workspace: ProtoWorkspace;
  /** What to compile: files and folders, absolute. */
  readonly paths: readonly string[];
  readonly targets: readonly Target[];
  /** Import paths of schemas whose code comes with the runtime. */
  readonly provided: ReadonlySet<string>;
  readonly config: KratosConfig;
}

/**
 * Finds the protos that were named, compiles and reads them. `bundledDir` holds the schemas that come with
 * the CLI.
 *
 * @throws CliError FILE_NOT_FOUND, TOOL_FAILED, CONFIG_INVALID, CANCELLED
 */
export async function planGeneration(options: GenerateOptions, bundledDir: string): Promise<Plan> {
  const opened = openProject(options, bundledDir);
  const { workspace, paths } = opened;
  const built = await buildDescriptorSet(workspace, paths, isTarget(opened), options.signal);
  return built.ok ? readPlan(opened, built.set, options) : built;
}

/**
 * Finds the protos that were named, and what the project chooses about them.
 *
 * @throws CliError FILE_NOT_FOUND, CONFIG_INVALID
 */
export function openProject(options: GenerateOptions, bundledDir: string): OpenedProject {
  const { root } = options;
  const named = resolvePaths(root, options.paths);
  const config = readKratosYaml(root);
  const further = (options.protoPaths ?? []).map((path) => resolve(root, path));
  const workspace = openWorkspace({
    root,
    paths: named,
    protoPaths: [...config.proto.importRoots, ...further],
    bundledDir,
  });
  const provided = new Set(findBundled(bundledDir));
  const paths = named.length > 0 ? named : ownFolders(workspace);
  return { workspace, paths, targets: findTargets(workspace, paths, provided), provided, config };
}

/** Tells the import paths of what code is generated of: positions and comments matter there only. */
export function isTarget({ targets }: OpenedProject): (importPath: string) => boolean {
  const names = new Set(targets.map(({ importPath }) => importPath));
  return (name) => names.has(name) || carriesComments(name);
}

/** Reads the targets of an opened project from `set`, which holds them and all that they import. */
export function readPlan(
  { workspace, targets, provided, config }: OpenedProject,
  set: FileDescriptorSet,
  options: GenerateOptions,
): Plan {
  const { root } = workspace;
  const show = (file: DescFile): string => {
    const { name } = file.proto;
    return displayPath(root, resolveImport(workspace, name) ?? join(root, name));
  };
  const emit = options.emit && new Set(options.emit);
  const isConfig = (file: DescFile): boolean => emit?.has("config") ?? isConfigPath(show(file));
  const registry = createFileRegistry(set);
  const { files, diagnostics } = readModel(
    targets.flatMap(({ importPath }) => registry.getFile(importPath) ?? []),
    {
      emit: (file) => emit ?? (isConfig(file) ? configKinds : apiKinds),
      isConfig: (file) => isConfig(file) && !provided.has(file.proto.name),
      displayPath: show,
      http: { ...config.http, ...(options.allowGetBody === true && { allowGetBody: true }) },
    },
  );
  if (hasErrors(diagnostics)) return { ok: false, diagnostics };
  const missing = checkImports(workspace, files, provided, show);
  const all = sortDiagnostics([...diagnostics, ...missing]);
  return { ok: true, workspace, targets, set, files, provided, diagnostics: all };
}
