import type { ConfigPath } from "./config-source.ts";

/**
 * The keys that a zod 4 schema knows at `path`, for hints. Empty where it cannot be told: for schemas of
 * other libraries, for mappings with free keys, behind unions.
 */
export function findKnownKeys(schema: unknown, path: ConfigPath): string[] {
  let target = unwrap(schema);
  for (const segment of path) target = unwrap(childOf(target, segment));
  return Object.keys(shapeOf(target) ?? {});
}

/** What zod documents for library authors: `schema._zod.def`, with `type` telling the rest. */
interface ZodDefinition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly innerType?: unknown;
  readonly element?: unknown;
  readonly valueType?: unknown;
  readonly in?: unknown;
  readonly out?: unknown;
  readonly getter?: () => unknown;
}

function definitionOf(schema: unknown): ZodDefinition | undefined {
  if (typeof schema !== "object" || schema === null || !("_zod" in schema)) return undefined;
  return (schema._zod as { readonly def?: ZodDefinition }).def;
}

/** The schema inside optional, default, nullable, lazy and preprocess. */
function unwrap(schema: unknown): unknown {
  const definition = definitionOf(schema);
  if (definition?.innerType !== undefined) return unwrap(definition.innerType);
  if (definition?.type === "lazy") return unwrap(definition.getter?.());
  if (definition?.type === "pipe") {
    const isPreprocess = definitionOf(definition.in)?.type === "transform";
    return unwrap(isPreprocess ? definition.out : definition.in);
  }
  return schema;
}

function childOf(schema: unknown, segment: string | number): unknown {
  const definition = definitionOf(schema);
  return shapeOf(schema)?.[segment] ?? definition?.element ?? definition?.valueType;
}

function shapeOf(schema: unknown): Readonly<Record<string, unknown>> | undefined {
  return definitionOf(schema)?.shape;
}
