import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isInside } from "../buf/workspace.ts";
import type { ProtoServices } from "./proto-services.ts";
import { findKey, registerInServices, registerInWire } from "./register-service.ts";
import type { LeftOver, RegisterFunction, ServiceRegistration } from "./register-service.ts";
import type { ServiceClass } from "./service-class.ts";
import { hasRoutes, nameService, toModule } from "./service-stub.ts";
import { parseTypescript } from "./typescript-source.ts";

/** A file of the user's and what it shall hold. */
export interface FileEdit {
  /** Absolute. */
  readonly path: string;
  readonly original: string;
  /** `undefined`: it stays as it is. */
  readonly text: string | undefined;
  /** What found no place. */
  readonly left: readonly LeftOver[];
}

/**
 * Works out how `internal/server/services.ts` and every `cmd/<name>/wire.ts` take up the classes; writes nothing.
 * Empty when the project around `folder` has no such files, since it is laid out in another way.
 * Throws SOURCE_INVALID.
 */
export async function planRegistration(
  folder: string,
  root: string,
  classes: readonly ServiceClass[],
  proto: ProtoServices,
): Promise<FileEdit[]> {
  const project = findLayout(folder, root);
  if (project === undefined) return [];
  const services = servicesFile(project);
  const keys = new Map<ServiceClass, string>();
  const edits = [await edit(services, registerInServices)];
  for (const wire of await listWireFiles(project)) {
    // A program that serves none of the services has nothing to take up.
    if ((await readFile(wire, "utf8")).includes("Services"))
      edits.push(await edit(wire, registerInWire));
  }
  return edits;

  async function edit(path: string, register: typeof registerInWire): Promise<FileEdit> {
    const original = await readFile(path, "utf8");
    let text = original;
    const left: LeftOver[] = [];
    for (const each of classes) {
      const source = parseTypescript(text, path);
      const registration = toRegistration(each, path, proto);
      // The interface comes first, and says what the other files call the service.
      const wanted = nameService(each.service).map(({ key }) => key);
      const key = keys.get(each) ?? findKey(source, registration, wanted);
      keys.set(each, key);
      left.push(...register(source, { ...registration, key }));
      text = source.print();
    }
    return { path, original, text: text === original ? undefined : text, left };
  }
}

function toRegistration(
  { service, names, path }: ServiceClass,
  from: string,
  proto: ProtoServices,
): Omit<ServiceRegistration, "key"> {
  // Where another service has the plain name: the next best.
  const [plain, next] = nameService(service);
  const alias = (names.fileName === plain?.fileName ? next : names)?.className ?? names.className;
  const register = (kind: "http" | "grpc"): RegisterFunction => {
    const suffix = kind === "http" ? "HttpServer" : "GrpcServer";
    return {
      name: `register${service.name}${suffix}`,
      otherwise: `register${alias}${suffix}`,
      module: toModule(from, proto.generatedFile(service, kind)),
    };
  };
  return {
    className: names.className,
    classAlias: alias,
    classModule: toModule(from, path),
    http: hasRoutes(service) ? register("http") : undefined,
    grpc: register("grpc"),
  };
}

function servicesFile(project: string): string {
  return join(project, "internal", "server", "services.ts");
}

/** The folder that `internal/server/services.ts` lies in, from `folder` up to the project's root. */
function findLayout(folder: string, root: string): string | undefined {
  for (let candidate = folder; isInside(root, candidate); candidate = dirname(candidate)) {
    if (existsSync(servicesFile(candidate))) return candidate;
    if (candidate === dirname(candidate)) break;
  }
  // The folder may lie outside, beside a project that is to serve it.
  return existsSync(servicesFile(root)) ? root : undefined;
}

async function listWireFiles(project: string): Promise<string[]> {
  const names = await readdir(join(project, "cmd")).catch(() => []);
  return names
    .sort()
    .map((name) => join(project, "cmd", name, "wire.ts"))
    .filter((path) => existsSync(path));
}
