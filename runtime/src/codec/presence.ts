import type { DescOneof } from "@bufbuild/protobuf";
import { CodecError, mismatch } from "./codec-error.ts";
import { describe } from "./describe.ts";
import type { FieldPlan } from "./field-plan.ts";
import { isInherited } from "./own.ts";

type Holder = Readonly<Record<string, unknown>>;

/** Throws unless `message` is an object that may be (or initialise) a message of this type. */
export function requireMessage(message: unknown, typeName: string): Holder {
  if (typeof message !== "object" || message === null || Array.isArray(message)) {
    throw mismatch(`message ${typeName}`, message);
  }
  const given = (message as Holder)["$typeName"];
  if (given !== undefined && given !== typeName) throw mismatch(`message ${typeName}`, message);
  return message as Holder;
}

/**
 * The value of a field, or undefined where it is unset. Takes messages and what `create()` takes:
 * null counts as unset, and a member of a oneof that is chosen without a value has its default.
 */
export function findValue(message: Holder, plan: FieldPlan): unknown {
  const { field, oneof } = plan;
  if (oneof !== undefined) {
    const group = ownValue(message, oneof.localName) as Holder | null | undefined;
    if (group?.["case"] !== field.localName) return undefined;
    return group["value"] ?? plan.value.zero ?? {};
  }
  const value = ownValue(message, field.localName) ?? undefined;
  if (value === undefined || plan.presence !== "own") return value;
  // on a message's prototype lies the default value of an unset field
  return Object.hasOwn(message, field.localName) || !("$typeName" in message) ? value : undefined;
}

/** Throws for a oneof whose `case` is none of its fields. */
export function checkOneof(message: Holder, oneof: DescOneof): void {
  const group = ownValue(message, oneof.localName);
  if (group === undefined || group === null) return;
  if (typeof group !== "object") throw new CodecError(expectedCase(oneof, group), oneof.name);
  const chosen = (group as Holder)["case"];
  if (chosen === undefined || chosen === null) return;
  if (!oneof.fields.some((field) => field.localName === chosen)) {
    throw new CodecError(expectedCase(oneof, chosen), oneof.name);
  }
}

/** The error of a required field that is unset. */
export function missingField(): CodecError {
  return new CodecError("expected a value, as the field is required");
}

/** The error of a second value for a oneof. */
export function oneofTaken(oneof: string, first: string): CodecError {
  return new CodecError(`oneof "${oneof}" is already set by "${first}"`);
}

/** The error of a field that is there in both of its spellings. */
export function spelledTwice(jsonName: string, name: string): CodecError {
  return new CodecError(`given twice, as "${jsonName}" and as "${name}"`);
}

/** A member that the object itself has, not `Object.prototype`. */
export function ownValue(message: Holder, name: string): unknown {
  return isInherited(name) && !Object.hasOwn(message, name) ? undefined : message[name];
}

function expectedCase(oneof: DescOneof, got: unknown): string {
  const names = oneof.fields.map((field) => `"${field.localName}"`).join(", ");
  return `expected an object whose case is one of ${names}, got ${describe(got)}`;
}
