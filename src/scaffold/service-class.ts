import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CliError } from "../cli-error.ts";
import type { ServiceFacts } from "../model/service-facts.ts";
import type { ProtoServices } from "./proto-services.ts";
import { printMissingMethods } from "./missing-methods.ts";
import { nameService, printStub } from "./service-stub.ts";
import type { ServiceNames } from "./service-stub.ts";
import {
  findImplementation,
  listImports,
  listMembers,
  parseTypescript,
  stem,
} from "./typescript-source.ts";
import type { TypescriptSource } from "./typescript-source.ts";

/** The class of a service: one that was there, or the text of a new one. */
export interface ServiceClass {
  readonly service: ServiceFacts;
  readonly names: ServiceNames;
  /** Absolute. */
  readonly path: string;
  /** `undefined`: the file exists, and stays as it is. */
  readonly text: string | undefined;
  /** Methods of the service that an existing class does not have. */
  readonly missing: readonly string[];
  /** Code that gives the class these methods; empty when none is missing. */
  readonly stubs: string;
}

/**
 * Finds the class of `service` in `folder`, or prints a new one. When another service's class has the best
 * name, the package joins the name; `taken` holds the files of classes that are not written yet.
 * Throws FILE_EXISTS when every name is in use, SOURCE_INVALID.
 */
export async function findOrPrintClass(
  service: ServiceFacts,
  folder: string,
  proto: ProtoServices,
  taken: ReadonlySet<string>,
): Promise<ServiceClass> {
  const candidates = nameService(service);
  for (const names of candidates) {
    const path = join(folder, names.fileName);
    if (taken.has(path)) continue;
    if (!existsSync(path)) {
      const text = await printStub(service, names, path, proto);
      return { service, names, path, text, missing: [], stubs: "" };
    }
    const source = parseTypescript(await readFile(path, "utf8"), path);
    const interfaces = listInterfaces(source, service, path, proto);
    if (interfaces.length > 0) {
      const missing = findMissing(source, service);
      const className = findImplementation(source, interfaces) ?? names.className;
      const stubs =
        missing.length === 0
          ? ""
          : printMissingMethods(
              await printStub(service, names, path, proto),
              missing,
              source,
              path,
            );
      return { service, names: { ...names, className }, path, text: undefined, missing, stubs };
    }
  }
  const files = candidates.map(({ fileName }) => `"${join(folder, fileName)}"`);
  throw new CliError(
    "FILE_EXISTS",
    `${files.join(", ")} exist and implement something else than ${service.typeName}`,
    { hint: "rename one of them, or choose another folder with --target-dir" },
  );
}

/**
 * The local names of a service's interfaces: a class that is to implement it imports them from the generated
 * code.
 */
function listInterfaces(
  source: TypescriptSource,
  service: ServiceFacts,
  path: string,
  proto: ProtoServices,
): string[] {
  const generated = (["http", "grpc"] as const).map((kind) =>
    stem(proto.generatedFile(service, kind)),
  );
  return listImports(source)
    .filter(
      ({ imported, from }) =>
        (imported === `${service.name}HttpServer` || imported === `${service.name}GrpcServer`) &&
        generated.includes(stem(resolve(dirname(path), from))),
    )
    .map(({ local }) => local);
}

function findMissing(source: TypescriptSource, service: ServiceFacts): string[] {
  const members = listMembers(source);
  // What a class inherits is not to be seen in its file.
  if (members === undefined) return [];
  return service.methods
    .map(({ localName }) => localName)
    .filter((localName) => !members.includes(localName));
}
