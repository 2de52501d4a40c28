import type { Imports } from "../import-list.ts";
import type { Property, Resource } from "./resource.ts";
import type { ContentPlace, ReplyPlace, StandardMethod } from "./standard-methods.ts";

/** The statements of a service's method that passes a call on to the use case `#<many>`. */
export function printStandardBody(
  standard: StandardMethod,
  resource: Resource,
  imports: Imports,
): string {
  const { one, many } = resource;
  const usecase = `this.#${many}`;
  const reply = ({ field }: ReplyPlace): string => {
    if (field === undefined) return `return toMessage(${one});`;
    return `return { ${field}: toMessage(${one}) };`;
  };
  switch (standard.does) {
    case "create": {
      const { before, from } = readContent(standard.from, resource, imports);
      return `${before}const ${one} = await ${usecase}.create(toContent(${from})); ${reply(standard.reply)}`;
    }
    case "get":
      return `const ${one} = await ${usecase}.get(request.${standard.id}); ${reply(standard.reply)}`;
    case "list": {
      const { size, token, items, next } = standard;
      const page = size === undefined ? "0" : `request.${size}`;
      return `const page = await ${usecase}.list(${page}, request.${token}); return { ${items}: page.${many}.map(toMessage), ${next}: page.nextPageToken };`;
    }
    case "update": {
      const { before, from } = readContent(standard.from, resource, imports);
      const call = `${usecase}.update(${from}.${standard.id}, toContent(${from}))`;
      return `${before}const ${one} = await ${call}; ${reply(standard.reply)}`;
    }
    case "delete":
      return `await ${usecase}.delete(request.${standard.id}); return {};`;
  }
}

function readContent(
  { field }: ContentPlace,
  { constant }: Resource,
  imports: Imports,
): { before: string; from: string } {
  if (field === undefined) return { before: "", from: "request" };
  const kratosError = imports.add("KratosError", "@kratos-ts/runtime", false);
  const error = `new ${kratosError}(400, "${constant}_INVALID", "${field} is missing")`;
  return {
    before: `const { ${field}: given } = request; if (given === undefined) throw ${error};`,
    from: "given",
  };
}

/** `title: order.title`, for the message from the resource. */
export function printToMessage(property: Property, one: string, imports: Imports): string {
  const { name, kind, optional } = property;
  const value = `${one}.${name}`;
  if (kind !== "time")
    return optional ? `...(${value} !== undefined && { ${name}: ${value} })` : `${name}: ${value}`;
  const convert = imports.add("timestampFromDate", "@bufbuild/protobuf/wkt", false);
  return optional
    ? `...(${value} !== undefined && { ${name}: ${convert}(${value}) })`
    : `${name}: ${convert}(${value})`;
}

/** `title: from.title`, for the content from a message. */
export function printFromMessage({ name, kind }: Property, imports: Imports): string {
  if (kind !== "time") return `${name}: from.${name}`;
  const convert = imports.add("timestampDate", "@bufbuild/protobuf/wkt", false);
  return `${name}: from.${name} && ${convert}(from.${name})`;
}

/** The type of what {@link printFromMessage} reads: a structure, so that requests and resources both fit. */
export function printSourceType(
  { name, kind, optional }: Property,
  type: string,
  imports: Imports,
): string {
  if (kind !== "time") return `readonly ${name}${optional ? "?" : ""}: ${type};`;
  const timestamp = imports.add("Timestamp", "@bufbuild/protobuf/wkt", true);
  return `readonly ${name}?: ${timestamp} | undefined;`;
}
