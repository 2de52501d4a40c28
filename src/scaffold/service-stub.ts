import type { ServiceFacts } from "../model/service-facts.ts";
import { ImportList } from "./import-list.ts";
import { callNotImplemented, describeMethod, toModule } from "./method-stub.ts";
import { toCamel, toKebab } from "./names.ts";
import { printOnce } from "./print-once.ts";
import type { ProtoServices } from "./proto-services.ts";
import { formatTypescript } from "./source-style.ts";

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

/** Whether a service has a method with an HTTP route. */
export function hasRoutes({ methods }: ServiceFacts): boolean {
  return methods.some(({ bindings }) => bindings.length > 0);
}

/** The generated interfaces that a class of the service implements, and their modules for the file at `path`. */
export function listInterfaces(
  service: ServiceFacts,
  path: string,
  proto: ProtoServices,
): { readonly name: string; readonly module: string }[] {
  const { name } = service;
  const grpc = {
    name: `${name}GrpcServer`,
    module: toModule(path, proto.generatedFile(service, "grpc")),
  };
  if (!hasRoutes(service)) return [grpc];
  const module = toModule(path, proto.generatedFile(service, "http"));
  return [{ name: `${name}HttpServer`, module }, grpc];
}

/** Prints a class that compiles and answers 501 to everything. `path` is where it goes, absolute. */
export async function printStub(
  service: ServiceFacts,
  { className }: ServiceNames,
  path: string,
  proto: ProtoServices,
): Promise<string> {
  const imports = new ImportList([className, "notImplemented"]);
  const init = imports.add("MessageInitShape", "@bufbuild/protobuf", true);
  const kratosError = imports.add("KratosError", "@kratos-ts/runtime", false);
  const interfaces = listInterfaces(service, path, proto).map(({ name, module }) =>
    imports.add(name, module, true),
  );
  const methods = service.methods.map((method) =>
    describeMethod(method, { path, proto, imports }, callNotImplemented(method)),
  );
  const text = await printOnce("service.ts", {
    className,
    typeName: service.typeName,
    interfaces,
    methods,
    init,
    kratosError,
    functions: [],
    usecase: undefined,
    imports: imports.list(),
  });
  return formatTypescript(text, path);
}

function capitalize(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
