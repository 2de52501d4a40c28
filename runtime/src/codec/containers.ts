import { CodecError, mismatch, withSegment } from "./codec-error.ts";
import type { FieldPlan } from "./field-plan.ts";

/** Runs a step and puts its place in front of the path of a {@link CodecError} it throws. */
export function within<T>(segment: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw withSegment(error, segment);
  }
}

/** As {@link within}, for a field. */
export function inField<T>(plan: FieldPlan, run: () => T): T {
  return within(plan.field.name, run);
}

/** How a map's entry stands in a path: `["key"]`. */
export function segmentOf(key: string): string {
  return `[${JSON.stringify(key)}]`;
}

/** The items of a list that a message holds. */
export function requireList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw mismatch("a list", value);
  return value;
}

/** An object that is no list. */
export function requireObject(
  value: unknown,
  expected = "an object",
): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw mismatch(expected, value);
  }
  return value as Readonly<Record<string, unknown>>;
}

/** The entries of a map that a message holds, with their keys in canonical spelling. */
export function entriesOf(value: unknown, plan: FieldPlan): [string, unknown][] {
  return Object.entries(requireObject(value, "a map")).map(([key, item]) => [
    within(segmentOf(key), () => requireKey(plan).canonical(key)),
    item,
  ]);
}

/** The codec of a map's keys. */
export function requireKey(plan: FieldPlan): NonNullable<FieldPlan["key"]> {
  if (plan.key === undefined) throw new TypeError(`"${plan.field.name}" is not a map`);
  return plan.key;
}

/** The error of a map's key that is there in two spellings. */
export function keyTwice(): CodecError {
  return new CodecError("the key is there twice");
}

/** The error of a null among the items of a list or map. */
export function nullItem(shape: string): CodecError {
  return new CodecError(`expected a value, as a ${shape} cannot hold null`);
}
