/** An OpenAPI document, or a part of one, as it is in JSON. */
export interface OpenApiDocument {
  [name: string]: unknown;
}

/** A document, and where it comes from, for messages. */
export interface NamedDocument {
  readonly name: string;
  readonly document: OpenApiDocument;
}

/** A member of `owner` that is an object; undefined when it is none. */
export function objectIn(owner: OpenApiDocument, name: string): OpenApiDocument | undefined {
  const value = Object.hasOwn(owner, name) ? owner[name] : undefined;
  return isObject(value) ? value : undefined;
}

/** A member of `owner` that is a list; empty when it is none. */
export function listIn(owner: OpenApiDocument, name: string): readonly unknown[] {
  const value = Object.hasOwn(owner, name) ? owner[name] : undefined;
  return Array.isArray(value) ? value : [];
}

/** Whether a value is an object of JSON, and no list. */
export function isObject(value: unknown): value is OpenApiDocument {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets a member of its own, whatever its name is. */
export function setIn(owner: OpenApiDocument, name: string, value: unknown): void {
  Object.defineProperty(owner, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
