import { Visitor } from "oxc-parser";
import type { ArrayExpression } from "oxc-parser";
import type { LeftOver } from "../register-service.ts";
import { appendItems, indentAt } from "../typescript-source.ts";
import type { TypescriptSource } from "../typescript-source.ts";
import { printTable } from "./resource-values.ts";
import type { Resource } from "./resource.ts";

/** Adds the step that makes the resource's table at the end of each list of `internal/data/schema.ts`, unless it is there. */
export function addSchemaSteps(source: TypescriptSource, resource: Resource): LeftOver[] {
  const left: LeftOver[] = [];
  for (const database of ["sqlite", "postgres"] as const) {
    const step = printTable(resource, database);
    const list = findList(source, database);
    if (list === undefined) {
      left.push({ line: step, place: `the steps for ${database}` });
      continue;
    }
    const present = source.original.slice(list.start, list.end);
    if (
      new RegExp(`create table\\s+(if not exists\\s+)?"?${resource.table}"?\\s*\\(`, "i").test(
        present,
      )
    ) {
      continue;
    }
    const items = list.elements.filter((element) => element !== null);
    const first = items.at(-1)?.start;
    const outer = indentAt(source.original, list.start);
    const indent = first === undefined ? `${outer}  ` : indentAt(source.original, first);
    const text = `\`${step.replaceAll("\n", `\n${indent}`)}\``.replaceAll("\n", source.newline);
    appendItems(source, list, items, [text], ",");
  }
  return left;
}

function findList(source: TypescriptSource, name: string): ArrayExpression | undefined {
  let found: ArrayExpression | undefined;
  new Visitor({
    Property({ key, value }) {
      if (key.type === "Identifier" && key.name === name && value.type === "ArrayExpression") {
        found ??= value;
      }
    },
  }).visit(source.program);
  return found;
}
