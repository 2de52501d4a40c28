import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { CliError } from "../cli-error.ts";
import type { ServiceFacts } from "../model/service-facts.ts";
import { addMissingMethods } from "./add-methods.ts";
import type { Drafts } from "./drafts.ts";
import type { ProtoServices } from "./proto-services.ts";
import { findImplementations, listClasses } from "./service-classes.ts";
import type { FoundClass } from "./service-classes.ts";
import { listInterfaces, nameService } from "./service-stub.ts";
import type { ServiceNames } from "./service-stub.ts";
import { listImports, parseTypescript, stem } from "./typescript-source.ts";

/** The class of a service, as it shall be. */
export interface ServiceClass {
  readonly service: ServiceFacts;
  readonly names: ServiceNames;
  /** Absolute. */
  readonly path: string;
  /** It was not there. */
  readonly isNew: boolean;
  /** Methods that an existing class gets, in the order of the proto. */
  readonly added: readonly string[];
  /** Methods of an existing class whose rpc is gone. */
  readonly gone: readonly string[];
  /** Methods that a class above it, which cannot be read, may have or lack; and how that is called. */
  readonly unseen: { readonly base: string; readonly methods: readonly string[] } | undefined;
}

/** What {@link draftClass} works with. */
export interface DraftClassOptions {
  /** Where the classes of services are, absolute. */
  readonly folder: string;
  readonly proto: ProtoServices;
  readonly drafts: Drafts;
  /** Prints the class when there is none. */
  print(names: ServiceNames, path: string): Promise<string>;
}

/**
 * Gives the class of `service` the methods that it lacks, or drafts a new one. An existing class is known by the
 * interface that it implements, whatever it and its file are called; else by its own name. When another service's
 * class has the best name, the package joins the name. Throws CLASS_UNCLEAR, FILE_EXISTS, SOURCE_INVALID.
 */
export async function draftClass(
  service: ServiceFacts,
  options: DraftClassOptions,
): Promise<ServiceClass> {
  const { drafts } = options;
  const present = (await findByInterface(service, options)) ?? (await findByName(service, options));
  if (present.class === undefined) {
    const { names, path } = present;
    await drafts.set(path, await options.print(names, path));
    return { service, names, path, isNew: true, added: [], gone: [], unseen: undefined };
  }
  const { path } = present;
  const { name } = present.class;
  if (name === undefined) {
    throw new CliError("CLASS_UNCLEAR", `the class in "${path}" has no name`, {
      hint: `call it ${present.names.className}, so that it can be registered`,
    });
  }
  const result = await addMissingMethods(service, name, path, options);
  const names = { ...present.names, className: name };
  return { service, names, path, isNew: false, ...result };
}

interface Place {
  readonly names: ServiceNames;
  readonly path: string;
  /** `undefined`: the file is not there. */
  readonly class: FoundClass | undefined;
}

/** The one class in the folder that implements an interface of the service. */
async function findByInterface(
  service: ServiceFacts,
  { folder, proto, drafts }: DraftClassOptions,
): Promise<Place | undefined> {
  const candidates = nameService(service);
  const [first] = candidates;
  if (first === undefined) return undefined;
  const modules = listModules(service, proto);
  const found: Place[] = [];
  for (const path of await listSources(folder, drafts)) {
    const text = (await drafts.read(path)) ?? "";
    if (!text.includes(`${service.name}HttpServer`) && !text.includes(`${service.name}GrpcServer`))
      continue;
    const source = parseTypescript(text, path);
    const interfaces = [`${service.name}HttpServer`, `${service.name}GrpcServer`];
    for (const each of findImplementations(source, path, interfaces, modules)) {
      const fileName = basename(path);
      const names = candidates.find((candidate) => candidate.fileName === fileName) ?? first;
      found.push({ names: { ...names, fileName }, path, class: each });
    }
  }
  if (found.length <= 1) return found[0];
  const named = found.filter((place) =>
    candidates.some(({ className }) => className === place.class?.name),
  );
  if (named.length === 1) return named[0];
  const places = found.map((place) => `${place.class?.name ?? "a class"} in "${place.path}"`);
  throw new CliError(
    "CLASS_UNCLEAR",
    `several classes implement ${service.typeName}: ${places.join(", ")}`,
    { hint: `call the one that is to be kept up ${first.className}` },
  );
}

/** Where the interfaces of a service are, without what comes after the dot. */
function listModules(service: ServiceFacts, proto: ProtoServices): string[] {
  return (["http", "grpc"] as const).map((kind) => stem(proto.generatedFile(service, kind)));
}

async function listSources(folder: string, drafts: Drafts): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const present = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const drafted = drafts.listNew().filter((path) => path === join(folder, basename(path)));
  return [...new Set([...present, ...drafted.map((path) => basename(path))])]
    .filter((name) => name.endsWith(".ts") && !/\.(d|test|spec)\.ts$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** By the names of the file and of the class, or where a new class goes. */
async function findByName(
  service: ServiceFacts,
  { folder, proto, drafts }: DraftClassOptions,
): Promise<Place> {
  const candidates = nameService(service);
  const modules = listModules(service, proto);
  for (const names of candidates) {
    const path = join(folder, names.fileName);
    const text = await drafts.read(path);
    if (text === undefined) return { names, path, class: undefined };
    const source = parseTypescript(text, path);
    const classes = listClasses(source);
    const servers = listImports(source).filter(
      ({ imported, from }) =>
        /(Http|Grpc)Server$/.test(imported) && /_(http|grpc)$/.test(stem(from)),
    );
    const isOwn = servers.some(({ from }) => modules.includes(stem(resolve(dirname(path), from))));
    // Another service's file, or one that has nothing to do with services.
    if (!isOwn && (servers.length > 0 || classes.length === 0)) continue;
    const found = classes.find(({ name }) => name === names.className);
    if (found !== undefined) return { names, path, class: found };
    const declared = classes.map(({ name }) =>
      name === undefined ? "a class without a name" : `"${name}"`,
    );
    const interfaces = listInterfaces(service, path, proto).map(({ name }) => name);
    throw new CliError(
      "CLASS_UNCLEAR",
      `no class in "${path}" is that of ${service.typeName}: it declares ${declared.join(", ") || "none"}`,
      {
        hint: `call it ${names.className}, let it implement ${interfaces.join(", ")}, or name another folder with --target-dir`,
      },
    );
  }
  const files = candidates.map(({ fileName }) => `"${join(folder, fileName)}"`);
  throw new CliError(
    "FILE_EXISTS",
    `${files.join(", ")} exist and implement something else than ${service.typeName}`,
    { hint: "rename one of them, or choose another folder with --target-dir" },
  );
}
