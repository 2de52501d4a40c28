import { create } from "@bufbuild/protobuf";
import {
  FileDescriptorSetSchema,
  type FileDescriptorProto,
  type FileDescriptorSet,
} from "@bufbuild/protobuf/wkt";
import { join } from "node:path";
import type { Templates } from "../codegen/templates.ts";
import { buildDescriptorSet } from "../buf/build.ts";
import { findRoot } from "../buf/workspace.ts";
import { readOwnPackage } from "../project/own-package.ts";
import { writePrepared } from "./generate.ts";
import { nothing, type GenerateOptions, type GenerateResult } from "./options.ts";
import { isTarget, openProject, readPlan, type OpenedProject } from "./plan.ts";
import { compareWithDisk } from "./prepare.ts";
import { printFiles } from "./print.ts";
import { readTemplates } from "./read-templates.ts";
import type { Target } from "./targets.ts";

/** Generates a project again and again, with the work of the last time at hand. */
export interface WatchSession {
  /**
   * Generates what follows from `changed`, absolute paths of protos: their code and that of what imports them.
   * What failed is tried again the next time. Without `changed`: everything.
   *
   * @throws CliError as `generateFiles`
   */
  update(changed?: readonly string[]): Promise<GenerateResult>;
  /**
   * The folders that the project's protos lie in now, absolute.
   *
   * @throws CliError FILE_NOT_FOUND, CONFIG_INVALID
   */
  folders(): readonly string[];
}

/** Makes a {@link WatchSession} of all protos of a project. */
export function createWatchSession(options: GenerateOptions): WatchSession {
  const own = readOwnPackage();
  let templates: Templates | undefined;
  let known: ReadonlyMap<string, FileDescriptorProto> = new Map();
  let left = new Set<string>();
  const open = (): OpenedProject => openProject(options, join(own.root, "third_party"));

  return {
    folders: () =>
      open()
        .workspace.roots.filter(({ kind }) => kind !== "bundled")
        .map(({ dir }) => dir),
    async update(changed) {
      if (changed === undefined) known = new Map();
      const opened = open();
      const { workspace } = opened;
      for (const file of changed ?? []) {
        const importPath = findRoot(workspace, file)?.importPath;
        if (importPath !== undefined) left.add(importPath);
      }
      const affected = findAffected(opened, known, left);
      const set = await build(opened, affected);
      if (!set.ok) return { ...nothing, diagnostics: set.diagnostics };
      const plan = readPlan(opened, set.set, options);
      if (!plan.ok) return { ...nothing, diagnostics: plan.diagnostics };
      const part = { ...plan, targets: affected, set: select(affected, known) };
      const outputs = printFiles(part, (templates ??= readTemplates(own.root)));
      const result = await writePrepared(await compareWithDisk(part, outputs, options), options);
      left = new Set();
      return result;
    },
  };

  /** Compiles what is affected; takes the rest from the last time. */
  async function build(
    opened: OpenedProject,
    affected: readonly Target[],
  ): Promise<Awaited<ReturnType<typeof buildDescriptorSet>>> {
    const { workspace, paths, targets } = opened;
    const files = new Map(known);
    if (affected.length > 0) {
      const some = affected.length <= maxPaths ? affected.map(({ file }) => file) : paths;
      const built = await buildDescriptorSet(workspace, some, isTarget(opened), options.signal);
      if (!built.ok) return built;
      for (const file of built.set.file) files.set(file.name, file);
    }
    const set = select(targets, files);
    known = new Map(set.file.map((file) => [file.name, file]));
    return { ok: true, set };
  }
}

/** Beyond as many, buf is quicker with all of them than with each by its name. */
const maxPaths = 50;

/** What was not built yet, what has changed, and what imports it by whatever way. */
function findAffected(
  { targets }: OpenedProject,
  known: ReadonlyMap<string, FileDescriptorProto>,
  changed: ReadonlySet<string>,
): Target[] {
  const affected = new Set(changed);
  for (let before = -1; before !== affected.size;) {
    before = affected.size;
    for (const { name, dependency } of known.values()) {
      if (dependency.some((each) => affected.has(each))) affected.add(name);
    }
  }
  return targets.filter(({ importPath }) => affected.has(importPath) || !known.has(importPath));
}

/** The descriptors of `targets` and of all that they import, imports first. */
function select(
  targets: readonly Target[],
  files: ReadonlyMap<string, FileDescriptorProto>,
): FileDescriptorSet {
  const sorted = new Map<string, FileDescriptorProto>();
  const visit = (name: string): void => {
    const file = files.get(name);
    if (file === undefined || sorted.has(name)) return;
    file.dependency.forEach(visit);
    sorted.set(name, file);
  };
  for (const { importPath } of targets) visit(importPath);
  return create(FileDescriptorSetSchema, { file: [...sorted.values()] });
}
