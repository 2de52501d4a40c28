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
import { hasErrors, sortDiagnostics, type Diagnostic } from "../diagnostic.ts";
import type { Emit } from "../model/emit.ts";
import { readModel, type FileFacts } from "../model/model.ts";
import { readKratosYaml } from "../project/kratos-yaml.ts";
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

const apiKinds: ReadonlySet<Emit> = new Set(["messages", "http", "grpc", "errors"]);
const configKinds: ReadonlySet<Emit> = new Set(["config"]);

/**
 * Finds the protos that were named, compiles and reads them. `bundledDir` holds the schemas that come with
 * the CLI.
 *
 * @throws CliError FILE_NOT_FOUND, TOOL_FAILED, CONFIG_INVALID, CANCELLED
 */
export async function planGeneration(options: GenerateOptions, bundledDir: string): Promise<Plan> {
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
  const targets = findTargets(workspace, paths, provided);

  const names = new Set(targets.map(({ importPath }) => importPath));
  const needsSource = (name: string): boolean => names.has(name);
  const built = await buildDescriptorSet(workspace, paths, needsSource, options.signal);
  if (!built.ok) return built;
  const { set } = built;

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
