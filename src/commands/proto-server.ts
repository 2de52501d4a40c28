import { existsSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { z } from "zod";
import { isInside, toSlashes } from "../buf/workspace.ts";
import { CliError } from "../cli-error.ts";
import { hasErrors } from "../diagnostic.ts";
import { findProjectRoot } from "../project/project-root.ts";
import { printUnifiedDiff } from "../project/unified-diff.ts";
import { addServices } from "../scaffold/add-services.ts";
import type { AddedServices } from "../scaffold/add-services.ts";
import type { Layer } from "../scaffold/layers/draft-layers.ts";
import { readProtoServices } from "../scaffold/proto-services.ts";
import type { ProtoServices } from "../scaffold/proto-services.ts";
import type { Shell } from "../shell.ts";
import { parseFlags } from "./flags.ts";
import { groupByRoot } from "./group-by-root.ts";
import { protoPathFlag, readProtoPaths } from "./proto-paths.ts";
import { reportDiagnostics } from "./report-generation.ts";

const layerNames = ["service", "biz", "data"] as const satisfies readonly Layer[];

/** `service,biz,data`. Default: the class of the service alone. */
const layersFlag = z
  .string()
  .default("service")
  .transform((text, context): ReadonlySet<Layer> => {
    const names = text.split(",").map((name) => name.trim());
    const unknown = names.filter((name) => !layerNames.some((known) => known === name));
    if (unknown.length > 0) {
      const shown = unknown.map((name) => `"${name}"`).join(", ");
      context.addIssue(`${shown} can be ${layerNames.join(", ")}, such as "service,biz,data"`);
      return z.NEVER;
    }
    return new Set(layerNames.filter((name) => names.includes(name)));
  });

const schema = z.strictObject({
  targetDir: z.string().min(1, "name a folder").optional(),
  proto_path: protoPathFlag,
  allowGetBody: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  layers: layersFlag,
});

/** `kratos-ts proto server`. */
export async function runProtoServer(
  paths: readonly string[],
  rawFlags: unknown,
  shell: Shell,
): Promise<number> {
  const flags = parseFlags(schema, rawFlags);
  const { layers } = flags;
  const absent = paths.find(
    (path) => path.endsWith(".proto") && !existsSync(resolve(shell.cwd, path)),
  );
  if (absent !== undefined) {
    throw new CliError("FILE_NOT_FOUND", `"${absent}" does not exist`, {
      hint: `make it with \`kratos-ts proto add ${absent}\``,
    });
  }
  const plans: { readonly added: AddedServices; readonly proto: ProtoServices }[] = [];
  for (const [root, files] of groupByRoot(paths, shell.cwd)) {
    const proto = await readProtoServices({
      root,
      paths: files,
      protoPaths: readProtoPaths(flags.proto_path, shell),
      allowGetBody: flags.allowGetBody,
    });
    if (hasErrors(proto.diagnostics)) {
      reportDiagnostics(proto.diagnostics, shell);
      return 1;
    }
    const services = proto.services.filter(({ methods }) => methods.length > 0);
    if (services.length === 0) continue;
    const folder = findFolder(root, flags.targetDir, shell);
    plans.push({ proto, added: await addServices(services, { root, folder, proto, layers }) });
  }
  if (plans.length === 0) {
    const names = paths.map((path) => `"${path}"`).join(", ");
    throw new CliError(
      "GENERATION_FAILED",
      `${names} ${paths.length > 1 ? "have" : "has"} no service with a method`,
      { hint: "name the .proto that defines the service, or a folder with some" },
    );
  }
  for (const { added, proto } of plans) {
    if (flags.dryRun) printDiff(added, shell);
    else await added.drafts.write();
    report(added, proto, { paths, dryRun: flags.dryRun }, shell);
  }
  const problems = plans.flatMap(({ added }) => listProblems(added, shell));
  if (problems.length === 0) return 0;
  throw new CliError("INCOMPLETE", "some of it is left to you", { details: problems.join("\n") });
}

/** Where the classes go. Throws FILE_EXISTS. */
function findFolder(root: string, targetDir: string | undefined, { cwd }: Shell): string {
  const folder =
    targetDir === undefined
      ? join(findServiceRoot(root, cwd), "internal", "service")
      : resolve(cwd, targetDir);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new CliError("FILE_EXISTS", `"${relative(cwd, folder)}" is a file, not a folder`, {
      hint: "name another folder with --target-dir",
    });
  }
  return folder;
}

/**
 * The project that the class belongs to: the one around the working directory, when it is the proto's or lies in
 * it, as a service of several does; else the proto's.
 */
function findServiceRoot(root: string, cwd: string): string {
  const around = findProjectRoot(cwd);
  return around !== undefined && isInside(root, around) ? around : root;
}

function printDiff({ drafts }: AddedServices, { cwd, out }: Shell): void {
  for (const { path, original, text } of drafts.list()) {
    const shown = toSlashes(relative(cwd, path));
    out.write(printUnifiedDiff({ path: shown, before: original, after: text }));
  }
}

function report(
  added: AddedServices,
  proto: ProtoServices,
  { paths, dryRun }: { readonly paths: readonly string[]; readonly dryRun: boolean },
  shell: Shell,
): void {
  const show = (file: string): string => relative(shell.cwd, file);
  const note = (text: string): void =>
    shell.err.line(`${shell.err.colors.yellow("note:")} ${text}`);
  if (!dryRun) listDone(added, show).forEach((line) => shell.out.line(line));
  for (const { path, service, gone, unseen } of added.classes) {
    for (const method of gone) {
      note(`${show(path)}: ${service.typeName} has no rpc for ${method} any more, remove it`);
    }
    if (unseen !== undefined) {
      const methods = unseen.methods.join(", ");
      note(`${show(path)}: left as it is, since ${unseen.base} may have ${methods}`);
    }
  }
  for (const fields of added.skipped) note(`left to you: ${fields}`);
  if (added.classes.some(({ service }) => !existsSync(proto.generatedFile(service, "grpc")))) {
    note(`its code is not generated yet, run \`kratos-ts proto client ${paths.join(" ")}\``);
  }
  if (added.registrations.length === 0 && added.classes.length > 0) {
    const names = added.classes.map(({ names: { className } }) => className).join(", ");
    note(
      `there is no internal/server/services.ts, so register ${names} where your servers are made`,
    );
  }
}

/** What was done with which file: classes first. */
function listDone({ classes, drafts }: AddedServices, show: (file: string) => string): string[] {
  const changed = new Map(drafts.list().map((draft) => [draft.path, draft]));
  const done = new Set<string>();
  const lines = classes.map(({ path, isNew, added }) => {
    done.add(path);
    if (isNew) return `created ${show(path)}`;
    return added.length === 0 ? `kept ${show(path)}` : `updated ${show(path)}: ${added.join(", ")}`;
  });
  for (const [path, { original }] of changed) {
    if (done.has(path)) continue;
    lines.push(`${original === undefined ? "created" : "updated"} ${show(path)}`);
  }
  return lines;
}

function listProblems(added: AddedServices, { cwd }: Shell): string[] {
  return added.registrations.flatMap(({ path, left }) =>
    left.map(({ line, place }) => `${relative(cwd, path)}: add \`${line}\` to ${place}`),
  );
}
