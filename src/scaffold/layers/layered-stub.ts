import type { MethodFacts, ServiceFacts } from "../../model/service-facts.ts";
import { ImportList } from "../import-list.ts";
import { callNotImplemented, describeMethod, toModule } from "../method-stub.ts";
import type { PrintPlace } from "../method-stub.ts";
import { printOnce } from "../print-once.ts";
import type { ProtoServices } from "../proto-services.ts";
import { listInterfaces } from "../service-stub.ts";
import type { ServiceNames } from "../service-stub.ts";
import { formatTypescript } from "../source-style.ts";
import type { ServiceLayers } from "./draft-layers.ts";
import { toColumn } from "./columns.ts";
import {
  printFromMessage,
  printSourceType,
  printStandardBody,
  printToMessage,
} from "./service-body.ts";
import { findStandardMethod } from "./standard-methods.ts";
import type { StandardMethod } from "./standard-methods.ts";

/** The methods of a service that its use case does, by the method. */
export function findStandardMethods(
  service: ServiceFacts,
  { resource, isStandard }: ServiceLayers,
): ReadonlyMap<MethodFacts, StandardMethod> {
  const found = new Map<MethodFacts, StandardMethod>();
  for (const method of isStandard ? service.methods : []) {
    const standard = findStandardMethod(method, resource);
    if (standard !== undefined) found.set(method, standard);
  }
  return found;
}

/** Prints a class that passes the standard methods on to its use case, and answers 501 to the others. */
export async function printLayeredStub(
  service: ServiceFacts,
  { className }: ServiceNames,
  path: string,
  proto: ProtoServices,
  layers: ServiceLayers,
): Promise<string> {
  const { resource } = layers;
  const imports = new ImportList([
    className,
    `${className}Deps`,
    "notImplemented",
    "toMessage",
    "toContent",
  ]);
  const place: PrintPlace = { path, proto, imports };
  const biz = toModule(path, layers.usecase);
  const type = imports.add(`${resource.type}Usecase`, biz, true);
  const standard = findStandardMethods(service, layers);
  const init = imports.add("MessageInitShape", "@bufbuild/protobuf", true);
  const interfaces = listInterfaces(service, path, proto).map(({ name, module }) =>
    imports.add(name, module, true),
  );
  const methods = service.methods.map((method) => {
    const known = standard.get(method);
    const body = known && printStandardBody(known, resource, imports);
    return describeMethod(method, place, body ?? callNotImplemented(method));
  });
  const kratosError =
    standard.size === service.methods.length
      ? undefined
      : imports.add("KratosError", "@kratos-ts/runtime", false);
  const functions = printFunctions([...standard.values()], layers, place, init);
  const name = resource.many;
  // One that no method uses yet would be an error of the compiler.
  const isPrivate = standard.size > 0;
  const text = await printOnce("service.ts", {
    className,
    typeName: service.typeName,
    interfaces,
    methods,
    init,
    kratosError,
    functions,
    usecase: {
      name,
      type,
      declaration: isPrivate ? `readonly #${name}: ${type}` : `protected readonly ${name}: ${type}`,
      field: isPrivate ? `this.#${name}` : `this.${name}`,
    },
    imports: imports.list(),
  });
  return formatTypescript(text, path);
}

/** The conversions that the methods call. */
function printFunctions(
  standard: readonly StandardMethod[],
  { resource, usecase }: ServiceLayers,
  { path, proto, imports }: PrintPlace,
  init: string,
): string[] {
  const { message, one, content, inMessage } = resource;
  if (message === undefined || standard.length === 0) return [];
  const biz = toModule(path, usecase);
  const functions: string[] = [];
  if (standard.some(({ does }) => does !== "delete")) {
    const location = proto.locate(message);
    const module =
      "module" in location.from ? location.from.module : toModule(path, location.from.file);
    const schema = imports.add(location.schema, module, true);
    const entity = imports.add(resource.type, biz, true);
    const all = [resource.id, ...content, resource.createTime, resource.updateTime];
    const lines = all
      .filter((property) => content.includes(property) || inMessage.has(property))
      .map((property) => printToMessage(property, one, imports));
    functions.push(
      `function toMessage(${one}: ${entity}): ${init}<typeof ${schema}> { return { ${lines.join(", ")} }; }`,
    );
  }
  if (standard.some(({ does }) => does === "create" || does === "update")) {
    const type = imports.add(`${resource.type}Content`, biz, true);
    const fields = content.map((property) =>
      printSourceType(property, toColumn(property, one).type, imports),
    );
    const lines = content.map((property) => printFromMessage(property, imports));
    const [from, source] =
      lines.length === 0 ? ["_from", "object"] : ["from", `{ ${fields.join(" ")} }`];
    functions.push(
      `/** From a request, or from the message itself. */\nfunction toContent(${from}: ${source}): ${type} { return { ${lines.join(", ")} }; }`,
    );
  }
  return functions;
}
