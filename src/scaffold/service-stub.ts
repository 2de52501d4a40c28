import { dirname, relative } from "node:path";
import type { DescMessage } from "@bufbuild/protobuf";
import { toSlashes } from "../buf/workspace.ts";
import type { ServiceFacts } from "../model/service-facts.ts";
import { toCamel, toKebab } from "./names.ts";
import { printOnce } from "./print-once.ts";
import type { ProtoServices } from "./proto-services.ts";

/** What the class of a service is called. */
export interface ServiceNames {
  /** Such as `OrderService`. */
  readonly className: string;
  /** The property that holds it among all services, such as `order`. */
  readonly key: string;
  /** Such as `order.ts`. */
  readonly fileName: string;
}

/**
 * Names for a service's class, the best first: the proto's name, less one trailing "Service"; then with the
 * package's version or the package, for services of one name in several packages.
 */
export function nameService({ name, desc }: ServiceFacts): ServiceNames[] {
  const base = name.replace(/(?<=.)Service$/, "");
  const segments = desc.file.proto.package.split(".").filter((segment) => segment !== "");
  const version = segments.findLast((segment) => /^v\d/.test(segment));
  const bases = [
    base,
    ...(version === undefined ? [] : [base + capitalize(version)]),
    segments.map(capitalize).join("") + base,
  ];
  return [...new Set(bases)].map((each) => ({
    className: `${each}Service`,
    key: toCamel(each),
    fileName: `${toKebab(each)}.ts`,
  }));
}

/** `path` (absolute) as a module of the file at `from` (absolute). */
export function toModule(from: string, path: string): string {
  const module = toSlashes(relative(dirname(from), path));
  return module.startsWith(".") ? module : `./${module}`;
}

/** Whether a service has a method with an HTTP route. */
export function hasRoutes({ methods }: ServiceFacts): boolean {
  return methods.some(({ bindings }) => bindings.length > 0);
}

/** Prints a class that compiles and answers 501 to everything. `path` is where it goes, absolute. */
export async function printStub(
  service: ServiceFacts,
  { className }: ServiceNames,
  path: string,
  proto: ProtoServices,
): Promise<string> {
  const imports = new ImportList([className]);
  const init = imports.add("MessageInitShape", "@bufbuild/protobuf", true);
  const kratosError = imports.add("KratosError", "@kratos-ts/runtime", false);
  const interfaces = [
    ...(hasRoutes(service)
      ? [
          imports.add(
            `${service.name}HttpServer`,
            toModule(path, proto.generatedFile(service, "http")),
            true,
          ),
        ]
      : []),
    imports.add(
      `${service.name}GrpcServer`,
      toModule(path, proto.generatedFile(service, "grpc")),
      true,
    ),
  ];
  const importName = (message: DescMessage, what: "type" | "schema"): string => {
    const location = proto.locate(message);
    const { from } = location;
    const module = "module" in from ? from.module : toModule(path, from.file);
    return imports.add(location[what], module, true);
  };
  const methods = service.methods.map(({ name, localName, kind, desc }) => ({
    name,
    localName,
    streamsRequests: kind === "clientStreaming" || kind === "bidiStreaming",
    streamsReplies: kind === "serverStreaming" || kind === "bidiStreaming",
    request: importName(desc.input, "type"),
    reply: importName(desc.output, "schema"),
  }));
  const text = await printOnce("service.ts", {
    className,
    typeName: service.typeName,
    interfaces,
    methods,
    init,
    kratosError,
    imports: imports.list(),
  });
  return format(text, path);
}

/** The user's own prettier settings hold, where there are some. */
async function format(text: string, path: string): Promise<string> {
  const prettier = await import("prettier");
  const settings = await prettier.resolveConfig(path);
  return prettier.format(text, { printWidth: 100, ...settings, parser: "typescript" });
}

function capitalize(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Imports of a file, each name once; a name that is taken gets an alias. */
class ImportList {
  readonly #taken: Set<string>;
  readonly #modules = new Map<string, { typeOnly: boolean; names: Map<string, string> }>();

  constructor(declared: readonly string[]) {
    this.#taken = new Set([...declared, "AsyncGenerator", "AsyncIterable", "Promise"]);
  }

  /** Returns the name under which `name` of `module` is known in the file. */
  add(name: string, module: string, typeOnly: boolean): string {
    let entry = this.#modules.get(module);
    if (entry === undefined) {
      entry = { typeOnly, names: new Map() };
      this.#modules.set(module, entry);
    }
    const present = entry.names.get(name);
    if (present !== undefined) return present;
    let local = name;
    for (let i = 1; this.#taken.has(local); i++) local = `${name}${i}`;
    this.#taken.add(local);
    entry.names.set(name, local);
    return local;
  }

  /** Packages first, then files, each in alphabetical order. */
  list(): { from: string; typeOnly: boolean; names: string[] }[] {
    const rank = (module: string): string => (module.startsWith(".") ? "1" : "0") + module;
    return [...this.#modules]
      .sort(([a], [b]) => (rank(a) < rank(b) ? -1 : 1))
      .map(([from, { typeOnly, names }]) => ({
        from,
        typeOnly,
        names: [...names]
          .map(([name, local]) => (name === local ? name : `${name} as ${local}`))
          .sort(),
      }));
  }
}
