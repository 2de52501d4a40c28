import { Visitor } from "oxc-parser";
import type { BlockStatement, Function as FunctionNode, ObjectExpression } from "oxc-parser";
import { addImport, appendItem } from "./typescript-source.ts";
import type { TypescriptSource } from "./typescript-source.ts";

/** A service class and the generated functions that put it on servers. */
export interface ServiceRegistration {
  /** The property of `Services` that holds it, such as `order`. */
  readonly key: string;
  readonly className: string;
  /** The module of the class, relative to the file that is edited. */
  readonly classModule: string;
  /** `undefined`: no method has an HTTP route. Modules are relative to the file that is edited. */
  readonly http: RegisterFunction | undefined;
  readonly grpc: RegisterFunction;
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
 * Adds a service to `internal/server/services.ts`: a property of the interface `Services`, and a call in
 * `registerHttpServices` and `registerGrpcServices`. What is there already is left alone.
 */
export function registerInServices(
  source: TypescriptSource,
  registration: ServiceRegistration,
): LeftOver[] {
  const { key, className, classModule, http, grpc } = registration;
  const left: LeftOver[] = [];

  const services = findInterface(source, "Services");
  const member = `readonly ${key}: ${className};`;
  if (services === undefined) left.push({ line: member, place: "interface Services" });
  else if (!services.keys.includes(key)) {
    addImport(source, { name: className, otherwise: className, from: classModule, type: true });
    appendItem(source, services.braces, services.members, member, "");
  }
  for (const [place, register] of [
    ["registerHttpServices", http],
    ["registerGrpcServices", grpc],
  ] as const) {
    if (register === undefined) continue;
    if (isRegistered(source, register, key)) continue;
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
    appendItem(source, found.body, found.body.body, call, "");
  }
  return left;
}

/** Adds a service to the object of type `Services` that `wire.ts` builds. */
export function registerInWire(
  source: TypescriptSource,
  registration: ServiceRegistration,
): LeftOver[] {
  const { key, className, classModule } = registration;
  const entry = `${key}: new ${className}()`;
  const object = findObject(source, "Services");
  if (object === undefined) return [{ line: `${entry},`, place: "the object of type Services" }];
  if (object.properties.some((property) => keyOf(property) === key)) return [];
  addImport(source, { name: className, otherwise: className, from: classModule, type: false });
  appendItem(source, object, object.properties, entry, ",");
  return [];
}

/** Whether `register…(…, ….key)` is called anywhere in the file. */
function isRegistered(source: TypescriptSource, register: RegisterFunction, key: string): boolean {
  let found = false;
  new Visitor({
    CallExpression({ callee, arguments: values }) {
      if (callee.type !== "Identifier") return;
      if (callee.name !== register.name && callee.name !== register.otherwise) return;
      found ||= values.some(
        (value) =>
          value.type === "MemberExpression" &&
          value.property.type === "Identifier" &&
          value.property.name === key,
      );
    },
  }).visit(source.program);
  return found;
}

interface FoundInterface {
  readonly braces: { readonly start: number; readonly end: number };
  readonly members: readonly { readonly start: number; readonly end: number }[];
  readonly keys: readonly (string | undefined)[];
}

function findInterface(source: TypescriptSource, name: string): FoundInterface | undefined {
  let found: FoundInterface | undefined;
  new Visitor({
    TSInterfaceDeclaration({ id, body }) {
      if (id.name === name) {
        found ??= { braces: body, members: body.body, keys: body.body.map(keyOf) };
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

/** `const … : Services = {…}`, `{…} satisfies Services` or `{…} as Services`. */
function findObject(source: TypescriptSource, type: string): ObjectExpression | undefined {
  let found: ObjectExpression | undefined;
  new Visitor({
    VariableDeclarator({ id, init }) {
      const annotation = id.typeAnnotation?.typeAnnotation;
      if (init?.type === "ObjectExpression" && namesType(annotation, type)) found ??= init;
    },
    TSSatisfiesExpression({ expression, typeAnnotation }) {
      if (expression.type === "ObjectExpression" && namesType(typeAnnotation, type)) {
        found ??= expression;
      }
    },
    TSAsExpression({ expression, typeAnnotation }) {
      if (expression.type === "ObjectExpression" && namesType(typeAnnotation, type)) {
        found ??= expression;
      }
    },
  }).visit(source.program);
  return found;
}

function namesType(node: unknown, name: string): boolean {
  return (
    hasShape(node, "typeName") && hasShape(node.typeName, "name") && node.typeName.name === name
  );
}

/** The name of a property or member with a plain key. */
function keyOf(node: unknown): string | undefined {
  if (!hasShape(node, "key")) return undefined;
  const { key } = node;
  if (hasShape(key, "name") && typeof key.name === "string") return key.name;
  if (hasShape(key, "value") && typeof key.value === "string") return key.value;
  return undefined;
}

function hasShape<K extends string>(node: unknown, key: K): node is Record<K, unknown> {
  return typeof node === "object" && node !== null && key in node;
}
