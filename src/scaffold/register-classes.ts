import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isInside } from "../buf/workspace.ts";
import type { Drafts } from "./drafts.ts";
import type { ProtoServices } from "./proto-services.ts";
import { registerInWire } from "./register-in-wire.ts";
import { findKey, registerInServices } from "./register-service.ts";
import type { ServiceLayers } from "./layers/draft-layers.ts";
import type {
  LeftOver,
  RegisterFunction,
  ServiceRegistration,
  UsecaseRegistration,
} from "./register-service.ts";
import type { ServiceClass } from "./service-class.ts";
import { toModule } from "./method-stub.ts";
import { hasRoutes, nameService } from "./service-stub.ts";
import { parseTypescript } from "./typescript-source.ts";

/** A file in which services are registered. */
export interface Registration {
  /** Absolute. */
  readonly path: string;
  /** What found no place. */
  readonly left: readonly LeftOver[];
}

/**
 * Drafts `internal/server/services.ts` and every `cmd/<name>/wire.ts` with the classes taken up.
 * Empty when the project around `folder` has no such files, since it is laid out in another way.
 * Throws SOURCE_INVALID.
 */
export async function draftRegistrations(
  project: string | undefined,
  classes: readonly ServiceClass[],
  layers: ReadonlyMap<ServiceClass, ServiceLayers>,
  { proto, drafts }: { readonly proto: ProtoServices; readonly drafts: Drafts },
): Promise<Registration[]> {
  if (project === undefined) return [];
  const keys = new Map<ServiceClass, string>();
  const done = [await edit(servicesFile(project), registerInServices)];
  for (const wire of await listWireFiles(project)) {
    // A program that serves none of the services has nothing to take up.
    const text = await drafts.read(wire);
    if (text?.includes("Services") === true) done.push(await edit(wire, registerInWire));
  }
  return done;

  async function edit(path: string, register: typeof registerInWire): Promise<Registration> {
    const left: LeftOver[] = [];
    for (const each of classes) {
      const source = parseTypescript((await drafts.read(path)) ?? "", path);
      const registration = {
        ...toRegistration(each, path, proto),
        usecase: toUsecase(layers.get(each), path),
      };
      // The interface comes first, and says what the other files call the service.
      const wanted = nameService(each.service).map(({ key }) => key);
      const key = keys.get(each) ?? findKey(source, registration, wanted);
      keys.set(each, key);
      left.push(...register(source, { ...registration, key }));
      await drafts.set(path, source.print());
    }
    return { path, left };
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

function toUsecase(
  layers: ServiceLayers | undefined,
  from: string,
): UsecaseRegistration | undefined {
  if (layers === undefined) return undefined;
  const { resource, usecase, repo, hasRepo } = layers;
  return {
    name: resource.many,
    className: `${resource.type}Usecase`,
    module: toModule(from, usecase),
    repo: hasRepo ? { name: `new${resource.type}Repo`, module: toModule(from, repo) } : undefined,
  };
}

function servicesFile(project: string): string {
  return join(project, "internal", "server", "services.ts");
}

/** The folder that `internal/server/services.ts` lies in, from `folder` up to the project's root. */
export function findLayout(folder: string, root: string): string | undefined {
  for (let candidate = folder; isInside(root, candidate); candidate = dirname(candidate)) {
    if (existsSync(servicesFile(candidate))) return candidate;
    if (candidate === dirname(candidate)) break;
  }
  // The folder may lie outside, beside a project that is to serve it.
  return existsSync(servicesFile(root)) ? root : undefined;
}

/** The composition roots of the project's programs. */
export async function listWireFiles(project: string): Promise<string[]> {
  const names = await readdir(join(project, "cmd")).catch(() => []);
  return names
    .sort()
    .map((name) => join(project, "cmd", name, "wire.ts"))
    .filter((path) => existsSync(path));
}
