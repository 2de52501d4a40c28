/** Deeper than this, values are written as `"[deep]"`. */
const maxDepth = 12;

/**
 * JSON of any value, for a log: never throws and never loses an error. Errors are written with type,
 * message, stack, own properties and causes; `bigint` and what JSON cannot hold as text; a circle as
 * `"[circular]"`. `undefined` and functions have no text, as with `JSON.stringify`.
 */
export function toJsonText(value: unknown): string | undefined {
  return writeValue(value, []);
}

/** A JSON string. Most of what a log holds is short and needs no escapes, which is quicker to see than to do. */
export function quote(text: string): string {
  return text.length < 64 && /^[ !#-[\]-~]*$/.test(text) ? `"${text}"` : JSON.stringify(text);
}

// `ancestors` are the objects that are being written around `value`.
function writeValue(value: unknown, ancestors: readonly object[]): string | undefined {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return `"${value}"`;
    case "symbol":
      return JSON.stringify(String(value));
    case "undefined":
    case "function":
      return undefined;
    case "object":
      return value === null ? "null" : writeObject(value, ancestors);
  }
}

function writeObject(value: object, ancestors: readonly object[]): string | undefined {
  if (ancestors.includes(value)) return '"[circular]"';
  if (ancestors.length >= maxDepth) return '"[deep]"';
  const inside = [...ancestors, value];
  try {
    if (value instanceof Error) return writeEntries(errorEntries(value), inside);
    if ("toJSON" in value && typeof value.toJSON === "function") {
      return writeValue(value.toJSON(), inside);
    }
    if (Array.isArray(value)) return writeList(value, inside);
    if (value instanceof Map) return writeEntries(value, inside);
    if (value instanceof Set) return writeList([...value], inside);
    if (ArrayBuffer.isView(value))
      return `"[${value.constructor.name} of ${value.byteLength} bytes]"`;
    return writeEntries(Object.entries(value), inside);
  } catch (error) {
    // A getter or toJSON of the caller's threw; the rest of the record is still worth having.
    return JSON.stringify(`[unreadable: ${error instanceof Error ? error.message : typeof error}]`);
  }
}

function writeList(values: readonly unknown[], inside: readonly object[]): string {
  return `[${values.map((value) => writeValue(value, inside) ?? "null").join(",")}]`;
}

function writeEntries(entries: Iterable<[unknown, unknown]>, inside: readonly object[]): string {
  let text = "";
  for (const [key, value] of entries) {
    const written = writeValue(value, inside);
    if (written !== undefined) text += `${text && ","}${quote(String(key))}:${written}`;
  }
  return `{${text}}`;
}

/** What a log tells about an error; `cause` and the `errors` of an AggregateError come last. */
export function errorEntries(error: Error): [string, unknown][] {
  const entries: [string, unknown][] = [
    ["type", error.name],
    ["message", error.message],
    ["stack", error.stack],
    ...Object.entries(error).filter(([key]) => !knownErrorKeys.has(key)),
  ];
  if (error instanceof AggregateError) entries.push(["errors", error.errors]);
  if (error.cause !== undefined) entries.push(["cause", error.cause]);
  return entries;
}

const knownErrorKeys: ReadonlySet<string> = new Set([
  "name",
  "type",
  "message",
  "stack",
  "errors",
  "cause",
]);
