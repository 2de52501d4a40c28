import { existsSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { z } from "zod";
import { isInside } from "../buf/workspace.ts";
import { CliError } from "../cli-error.ts";
import { hasErrors } from "../diagnostic.ts";
import { findProjectRoot, requireProjectRoot } from "../project/project-root.ts";
import { addServices } from "../scaffold/add-services.ts";
import type { AddedServices } from "../scaffold/add-services.ts";
import { readProtoServices } from "../scaffold/proto-services.ts";
import type { ProtoServices } from "../scaffold/proto-services.ts";
import type { Shell } from "../shell.ts";
import { parseFlags } from "./flags.ts";
import { protoPathFlag, readProtoPaths } from "./proto-paths.ts";
import { reportDiagnostics } from "./report-generation.ts";

const schema = z.strictObject({
  targetDir: z.string().min(1, "name a folder").optional(),
  proto_path: protoPathFlag,
  allowGetBody: z.boolean().default(false),
});

/** `kratos-ts proto server`. */
export async function runProtoServer(
  path: string,
  rawFlags: unknown,
  shell: Shell,
): Promise<number> {
  const flags = parseFlags(schema, rawFlags);
  const file = resolve(shell.cwd, path);
  if (!existsSync(file)) {
    throw new CliError("FILE_NOT_FOUND", `"${path}" does not exist`, {
      hint: `make it with \`kratos-ts proto add ${path}\``,
    });
  }
  const root = findProjectRoot(file) ?? requireProjectRoot(dirname(file));
  const folder =
    flags.targetDir === undefined
      ? join(findServiceRoot(root, shell.cwd), "internal", "service")
      : resolve(shell.cwd, flags.targetDir);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new CliError("FILE_EXISTS", `"${relative(shell.cwd, folder)}" is a file, not a folder`, {
      hint: "name another folder with --target-dir",
    });
  }
  const proto = await readProtoServices({
    root,
    paths: [file],
    protoPaths: readProtoPaths(flags.proto_path, shell),
    allowGetBody: flags.allowGetBody,
  });
  if (hasErrors(proto.diagnostics)) {
    reportDiagnostics(proto.diagnostics, shell);
    return 1;
  }
  const services = proto.services.filter(({ methods }) => methods.length > 0);
  if (services.length === 0) {
    throw new CliError("GENERATION_FAILED", `"${path}" has no service with a method`, {
      hint: "name the .proto that defines the service, or a folder with some",
    });
  }
  const added = await addServices(services, { root, folder, proto });
  return report(added, proto, path, shell);
}

/**
 * The project that the class belongs to: the one around the working directory, when it is the proto's or lies in
 * it, as a service of several does; else the proto's.
 */
function findServiceRoot(root: string, cwd: string): string {
  const around = findProjectRoot(cwd);
  return around !== undefined && isInside(root, around) ? around : root;
}

function report(added: AddedServices, proto: ProtoServices, path: string, shell: Shell): number {
  const show = (file: string): string => relative(shell.cwd, file);
  const note = (text: string): void =>
    shell.err.line(`${shell.err.colors.yellow("note:")} ${text}`);
  for (const { path: file, text } of added.classes) {
    shell.out.line(text === undefined ? `kept ${show(file)}` : `created ${show(file)}`);
  }
  for (const { path: file, text } of added.registrations) {
    if (text !== undefined) shell.out.line(`updated ${show(file)}`);
  }
  if (added.classes.some(({ service }) => !existsSync(proto.generatedFile(service, "grpc")))) {
    note(`its code is not generated yet, run \`kratos-ts proto client ${path}\``);
  }
  if (added.registrations.length === 0) {
    const names = added.classes.map(({ names: { className } }) => className).join(", ");
    note(
      `there is no internal/server/services.ts, so register ${names} where your servers are made`,
    );
  }
  const problems = listProblems(added, show);
  if (problems.length === 0) return 0;
  throw new CliError("INCOMPLETE", "some of it is left to you", { details: problems.join("\n") });
}

function listProblems(added: AddedServices, show: (file: string) => string): string[] {
  return [
    ...added.classes
      .filter(({ missing }) => missing.length > 0)
      .map(
        ({ path, missing, stubs }) =>
          `${show(path)}: add the methods ${missing.join(", ")}\n\n${stubs}\n`,
      ),
    ...added.registrations.flatMap(({ path, left }) =>
      left.map(({ line, place }) => `${show(path)}: add \`${line}\` to ${place}`),
    ),
  ];
}
