import { create } from "@bufbuild/protobuf";
import type { MessagePlan } from "./field-plan.ts";
import type { Source } from "./source.ts";
import { memberPath } from "./source.ts";

/**
 * An expression for a new message, equal to what `create()` makes. `locals` names variables by
 * member: their values are taken where they are not undefined.
 */
export function newMessage(
  source: Source,
  plan: MessagePlan,
  locals: ReadonlyMap<string, string> = new Map(),
): string {
  if (plan.hasPrototype) return `${source.use(create)}(${source.use(plan.desc)})`;
  const members = Object.entries(plan.initial).map(([name, value]) => {
    const initial = initialSource(source, value);
    const local = locals.get(name);
    const code = local === undefined ? initial : `${local} === undefined ? ${initial} : ${local}`;
    return `${memberPath("", name).replace(/^\./, "")}: ${code}`;
  });
  return `{ ${members.join(", ")} }`;
}

// Lists, maps and oneofs are made anew for each message; everything else cannot change.
function initialSource(source: Source, value: unknown): string {
  if (Array.isArray(value)) return "[]";
  if (value instanceof Uint8Array) return source.use(value);
  if (typeof value === "object" && value !== null)
    return "case" in value ? "{ case: undefined }" : "{}";
  return typeof value === "bigint" ? `${value}n` : JSON.stringify(value);
}
