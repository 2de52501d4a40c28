const EXCERPT = 40;

/** A short excerpt of a value for error messages: `true`, `"abc"`, `an array`. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string": {
      const text = JSON.stringify(value.length > EXCERPT ? value.slice(0, EXCERPT) : value);
      return value.length > EXCERPT ? `${text.slice(0, -1)}…"` : text;
    }
    case "number":
    case "boolean":
      return String(value);
    case "undefined":
      return "nothing";
    case "bigint":
      return `${value}n`;
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    default:
      return describeObject(value as object | null);
  }
}

function describeObject(value: object | null): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (value instanceof Uint8Array) return "bytes";
  if ("$typeName" in value && typeof value.$typeName === "string") {
    return `message ${value.$typeName}`;
  }
  return "an object";
}
