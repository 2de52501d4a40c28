import { isJsonObject, setMember, type JsonObject, type JsonValue } from "./json-object.ts";

/**
 * Lays `over` on `base`: objects member by member, lists of parameters by name and place, everything else as
 * a whole. Gives a new object.
 */
export function overlay(base: JsonObject, over: JsonObject): JsonObject {
  const result = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const under = Object.hasOwn(result, name) ? result[name] : undefined;
    setMember(result, name, merge(name, under, value));
  }
  return result;
}

function merge(name: string, under: JsonValue | undefined, value: JsonValue): JsonValue {
  if (isJsonObject(under) && isJsonObject(value)) {
    // A reference stands for the whole; what it replaces must not stay beside it.
    return "$ref" in value || "$ref" in under ? value : overlay(under, value);
  }
  if (name === "parameters" && Array.isArray(under) && Array.isArray(value)) {
    return overlayParameters(under, value);
  }
  return value;
}

function overlayParameters(under: readonly JsonValue[], over: readonly JsonValue[]): JsonValue[] {
  const result = [...under];
  for (const parameter of over) {
    const index = result.findIndex((other) => isSameParameter(other, parameter));
    const found = result[index];
    if (!isJsonObject(found) || !isJsonObject(parameter)) result.push(parameter);
    else result[index] = overlay(found, parameter);
  }
  return result;
}

function isSameParameter(a: JsonValue, b: JsonValue): boolean {
  if (!isJsonObject(a) || !isJsonObject(b) || a["name"] === undefined) return false;
  return a["name"] === b["name"] && a["in"] === b["in"];
}
