import type { FieldPlan } from "./field-plan.ts";
import { hasJsonForm } from "./well-known.ts";
import { fieldFromJson, fieldToJson, isUnsetJson } from "./interpreted-json.ts";

/** JSON text of a field's value alone; of a missing value, what stands for an empty one. */
export function fieldValueToJson(value: unknown, plan: FieldPlan): string {
  const given = value ?? emptyValue(plan);
  if (given !== undefined) return fieldToJson(given, plan, 0);
  const { message } = plan.field;
  return message !== undefined && hasJsonForm(message) ? "null" : "{}";
}

/** Reads a field's value alone; see {@link FieldCodec.fromJson}. */
export function fieldValueFromJson(json: unknown, plan: FieldPlan): unknown {
  return isUnsetJson(json, plan) ? emptyValue(plan) : fieldFromJson(json, plan, 0);
}

/** What a message just made holds there; undefined for messages. */
function emptyValue(plan: FieldPlan): unknown {
  if (plan.shape === "list") return [];
  return plan.shape === "map" ? {} : plan.value.zero;
}
