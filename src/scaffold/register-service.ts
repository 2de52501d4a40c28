import { Visitor } from "oxc-parser";
import type { BlockStatement, Function as FunctionNode } from "oxc-parser";
import { addImport } from "./source-imports.ts";
import { appendItems, chooseName, listImports, stem } from "./typescript-source.ts";
import type { TypescriptSource } from "./typescript-source.ts";

/** A service class and the generated functions that put it on servers. */
export interface ServiceRegistration {
  /** The property of `Services` that holds it, such as `order`. */
  readonly key: string;
  readonly className: string;
  /** What to import the class as when its name stands for another in the file. */
  readonly classAlias: string;
  /** The module of the class, relative to the file that is edited. */
  readonly classModule: string;
  /** `undefined`: no method has an HTTP route. Modules are relative to the file that is edited. */
  readonly http: RegisterFunction | undefined;
  readonly grpc: RegisterFunction;
  /** What the class is made with; `undefined`: nothing. */
  readonly usecase?: UsecaseRegistration | undefined;
}

/** A use case and the repository that it works on. Modules are relative to the file that is edited. */
export interface UsecaseRegistration {
  /** Such as `orders`: what the class calls it. */
  readonly name: string;
  readonly className: string;
  readonly module: string;
  /** The function that makes the repository; `undefined`: there is none. */
  readonly repo: { readonly name: string; readonly module: string } | undefined;
}

/** A generated `register…Server` function. */
export interface RegisterFunction {
  readonly name: string;
  /** The name to import it by when two packages have services of one name. */
  readonly otherwise: string;
  readonly module: string;
}

/** What is left to the user, since its place could not be found: a line of code and where it belongs. */
export interface LeftOver {
  readonly line: string;
  readonly place: string;
}

/**
 * The property of `Services` that holds the service: the one that has its class, or is registered with its
 * functions, by whatever name; else the first of `keys` that no other service has.
 */
export function findKey(
  source: TypescriptSource,
  { className, classModule, http, grpc }: Omit<ServiceRegistration, "key">,
  keys: readonly string[],
): string {
  const members = findInterface(source, "Services")?.members ?? [];
  const local = findLocal(source, className, classModule);
  const own = members.find(({ type }) => local !== undefined && namesType(type, local));
  if (own?.key !== undefined) return own.key;
  const registered = [http, grpc].flatMap((register) =>
    register === undefined ? [] : listRegistered(source, register),
  );
  const known = registered.find((key) => key !== undefined);
  return known ?? chooseName(keys, new Set(members.flatMap(({ key }) => key ?? [])));
}

/**
 * Adds a service to `internal/server/services.ts`: a property of the interface `Services`, and a call in
 * `registerHttpServices` and `registerGrpcServices`. What is there already is left alone.
 */
export function registerInServices(
  source: TypescriptSource,
  registration: ServiceRegistration,
): LeftOver[] {
  const { key, http, grpc } = registration;
  const left: LeftOver[] = [];

  const services = findInterface(source, "Services");
  const member = (name: string): string => `readonly ${key}: ${name};`;
  if (services === undefined) {
    left.push({ line: member(registration.className), place: "interface Services" });
  } else if (!services.members.some((present) => present.key === key)) {
    const name = importClass(source, registration, true);
    appendItems(source, services.braces, services.members, [member(name)], "");
  }
  for (const [place, register] of [
    ["registerHttpServices", http],
    ["registerGrpcServices", grpc],
  ] as const) {
    if (register === undefined) continue;
    if (listRegistered(source, register).length > 0) continue;
    const found = findFunction(source, place);
    if (found === undefined) {
      left.push({ line: `${register.name}(router, services.${key});`, place: `function ${place}` });
      continue;
    }
    const local = addImport(source, {
      name: register.name,
      otherwise: register.otherwise,
      from: register.module,
      type: false,
    });
    const [router = "router", values = "services"] = found.parameters;
    const call = `${local}(${router}, ${values}.${key});`;
    appendItems(source, found.body, found.body.body, [call], "");
  }
  return left;
}

/** Imports the class of a service; returns its name in the file. */
export function importClass(
  source: TypescriptSource,
  { className, classAlias, classModule }: ServiceRegistration,
  type: boolean,
): string {
  return addImport(source, { name: className, otherwise: classAlias, from: classModule, type });
}

function findLocal(source: TypescriptSource, name: string, module: string): string | undefined {
  return listImports(source).find(
    ({ imported, from }) => imported === name && stem(from) === stem(module),
  )?.local;
}

/** The keys of all calls `register…(…, ….key)` in the file; `undefined` for one that passes anything else. */
function listRegistered(
  source: TypescriptSource,
  { name, module }: RegisterFunction,
): (string | undefined)[] {
  const local = findLocal(source, name, module);
  const keys: (string | undefined)[] = [];
  new Visitor({
    CallExpression({ callee, arguments: values }) {
      if (local === undefined || callee.type !== "Identifier" || callee.name !== local) return;
      const key = values.flatMap((value) =>
        value.type === "MemberExpression" && value.property.type === "Identifier"
          ? [value.property.name]
          : [],
      );
      keys.push(key.at(-1));
    },
  }).visit(source.program);
  return keys;
}

interface FoundInterface {
  readonly braces: { readonly start: number; readonly end: number };
  readonly members: readonly FoundMember[];
}

interface FoundMember {
  readonly start: number;
  readonly end: number;
  readonly key: string | undefined;
  readonly type: unknown;
}

function findInterface(source: TypescriptSource, name: string): FoundInterface | undefined {
  let found: FoundInterface | undefined;
  new Visitor({
    TSInterfaceDeclaration({ id, body }) {
      if (id.name === name) {
        const members = body.body.map((member) => ({
          start: member.start,
          end: member.end,
          key: keyOf(member),
          type: hasShape(member, "typeAnnotation")
            ? annotationOf(member.typeAnnotation)
            : undefined,
        }));
        found ??= { braces: body, members };
      }
    },
  }).visit(source.program);
  return found;
}

interface FoundFunction {
  readonly body: BlockStatement;
  readonly parameters: readonly string[];
}

function findFunction(source: TypescriptSource, name: string): FoundFunction | undefined {
  let found: FoundFunction | undefined;
  const take = (node: FunctionNode): void => {
    if (node.id?.name !== name || node.body === null) return;
    const parameters = node.params.map((parameter) =>
      parameter.type === "Identifier" ? parameter.name : undefined,
    );
    // Destructured parameters have no name to pass on.
    if (parameters.some((parameter) => parameter === undefined)) return;
    found ??= { body: node.body as BlockStatement, parameters: parameters as string[] };
  };
  new Visitor({ FunctionDeclaration: take }).visit(source.program);
  return found;
}

function annotationOf(node: unknown): unknown {
  return hasShape(node, "typeAnnotation") ? node.typeAnnotation : undefined;
}

/** Whether a type is a name, and this one. */
export function namesType(node: unknown, name: string): boolean {
  return (
    hasShape(node, "typeName") && hasShape(node.typeName, "name") && node.typeName.name === name
  );
}

/** The name of a property or member with a plain key. */
export function keyOf(node: unknown): string | undefined {
  if (!hasShape(node, "key")) return undefined;
  const { key } = node;
  if (hasShape(key, "name") && typeof key.name === "string") return key.name;
  if (hasShape(key, "value") && typeof key.value === "string") return key.value;
  return undefined;
}

function hasShape<K extends string>(node: unknown, key: K): node is Record<K, unknown> {
  return typeof node === "object" && node !== null && key in node;
}
