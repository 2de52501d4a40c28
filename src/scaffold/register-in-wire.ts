import { Visitor } from "oxc-parser";
import type { ObjectExpression } from "oxc-parser";
import { importClass, keyOf, namesType } from "./register-service.ts";
import type { LeftOver, ServiceRegistration, UsecaseRegistration } from "./register-service.ts";
import { addImport } from "./source-imports.ts";
import { appendItems, chooseName, indentAt } from "./typescript-source.ts";
import type { TypescriptSource } from "./typescript-source.ts";

/** Adds a service to the object of type `Services` that `wire.ts` builds, and its use case before that. */
export function registerInWire(
  source: TypescriptSource,
  registration: ServiceRegistration,
): LeftOver[] {
  const { key, usecase, className } = registration;
  const found = findObject(source, "Services");
  const made = usecase === undefined ? "" : `{ ${usecase.name} }`;
  if (found === undefined) {
    const line = `${key}: new ${className}(${made}),`;
    return [{ line, place: "the object of type Services" }];
  }
  const { object } = found;
  if (object.properties.some((property) => keyOf(property) === key)) return [];
  const left: LeftOver[] = [];
  let values = "";
  if (usecase !== undefined) {
    const name = makeUsecase(source, usecase, found.statement, left);
    values = name === usecase.name ? `{ ${name} }` : `{ ${usecase.name}: ${name} }`;
  }
  if (left.length > 0) {
    return [
      ...left,
      { line: `${key}: new ${className}(${made}),`, place: "the object of type Services" },
    ];
  }
  const name = importClass(source, registration, false);
  appendItems(source, object, object.properties, [`${key}: new ${name}(${values})`], ",");
  return [];
}

/** Returns the name of the use case, which is made before the statement at `statement`. */
function makeUsecase(
  source: TypescriptSource,
  { name, className, module, repo }: UsecaseRegistration,
  statement: number | undefined,
  left: LeftOver[],
): string {
  const data = findData(source);
  const factory = repo?.name ?? "…";
  if (
    repo === undefined ||
    data === undefined ||
    statement === undefined ||
    !/\blogger\b/.test(source.original)
  ) {
    const line = `const ${name} = new ${className}({ repo: ${factory}(data.database), logger });`;
    left.push({ line, place: "where the services are made" });
    return name;
  }
  const words = new Set(source.original.match(/[\p{ID_Continue}$]+/gu));
  const local = chooseName([name, `${name}Usecase`], words);
  const wanted = { otherwise: `${className}1`, type: false };
  const usecase = addImport(source, { ...wanted, name: className, from: module });
  const newRepo = addImport(source, {
    name: repo.name,
    otherwise: `${repo.name}1`,
    from: repo.module,
    type: false,
  });
  const code = `const ${local} = new ${usecase}({ repo: ${newRepo}(${data}.database), logger });`;
  const indent = indentAt(source.original, statement);
  source.insert(statement, `${code}${source.newline}${source.newline}${indent}`);
  return local;
}

/** The variable that holds what `newData` opened. */
function findData(source: TypescriptSource): string | undefined {
  let found: string | undefined;
  new Visitor({
    VariableDeclarator({ id, init }) {
      const call = init?.type === "AwaitExpression" ? init.argument : init;
      if (call?.type !== "CallExpression" || call.callee.type !== "Identifier") return;
      if (call.callee.name === "newData" && id.type === "Identifier") found ??= id.name;
    },
  }).visit(source.program);
  return found;
}

interface FoundObject {
  readonly object: ObjectExpression;
  /** Where the declaration begins that it stands in; `undefined`: it stands in none. */
  readonly statement: number | undefined;
}

/** `const … : Services = {…}`, `{…} satisfies Services` or `{…} as Services`. */
function findObject(source: TypescriptSource, type: string): FoundObject | undefined {
  let object: ObjectExpression | undefined;
  const statements: { readonly start: number; readonly end: number }[] = [];
  new Visitor({
    VariableDeclaration(statement) {
      statements.push(statement);
    },
    VariableDeclarator({ id, init }) {
      const annotation = id.typeAnnotation?.typeAnnotation;
      if (init?.type === "ObjectExpression" && namesType(annotation, type)) object ??= init;
    },
    TSSatisfiesExpression({ expression, typeAnnotation }) {
      if (expression.type === "ObjectExpression" && namesType(typeAnnotation, type)) {
        object ??= expression;
      }
    },
    TSAsExpression({ expression, typeAnnotation }) {
      if (expression.type === "ObjectExpression" && namesType(typeAnnotation, type)) {
        object ??= expression;
      }
    },
  }).visit(source.program);
  if (object === undefined) return undefined;
  const { start, end } = object;
  const around = statements.findLast((each) => each.start <= start && end <= each.end);
  return { object, statement: around?.start };
}
