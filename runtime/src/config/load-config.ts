import { ConfigError, type ConfigProblem, valuesOrProblems } from "./config-error.ts";
import type { ConfigDocument, ConfigPath, ConfigSource } from "./config-source.ts";
import { mergeTrees, withoutPaths } from "./config-tree.ts";
import { resolvePlaceholders } from "./resolve-placeholders.ts";
import { describeIssue, type SchemaProblem } from "./schema-issue.ts";
import type { StandardIssue, StandardSchema } from "./standard-schema.ts";

/** Options of {@link loadConfig}. */
export interface LoadConfigOptions<T> {
  /** Later ones override earlier ones. */
  readonly sources: readonly ConfigSource[];
  /** A schema of zod 4, such as a generated one, or of any library with Standard Schema. */
  readonly schema: StandardSchema<T>;
  /** Where placeholders look when the configuration itself has no such key. Default: `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A configuration that its schema accepts. */
export interface Config<T> {
  readonly value: T;
  /** Lets go of what the sources hold open. */
  close(): Promise<void>;
}

/**
 * Reads all sources, merges them, fills in placeholders (`${DB_HOST:localhost}`) and validates the result.
 * Rejects with a {@link ConfigError} that has every problem with its place.
 *
 * ```ts
 * const config = await loadConfig({ sources: [fileSource("configs")], schema: bootstrapSchema });
 * ```
 */
export async function loadConfig<T>(options: LoadConfigOptions<T>): Promise<Config<T>> {
  const { sources, schema, environment = process.env } = options;
  const close = async (): Promise<void> => {
    await Promise.all(sources.map((source) => source.close?.()));
  };
  try {
    const loaded = await Promise.allSettled(sources.map(async (source) => source.load()));
    const documents = valuesOrProblems(loaded).flat();
    const value = await validate(documents, schema, environment);
    return { value, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function validate<T>(
  documents: readonly ConfigDocument[],
  schema: StandardSchema<T>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<T> {
  const merged = documents.reduce((tree, { value }) => mergeTrees(tree, value), {});
  const { tree, problems } = resolvePlaceholders(merged, environment);

  let input = tree;
  let result = await schema["~standard"].validate(input);
  const strays =
    result.issues === undefined ? [] : findStrays(problemsOf(result.issues), documents);
  if (strays.length > 0) {
    input = withoutPaths(input, strays);
    result = await schema["~standard"].validate(input);
  }

  const unresolved = new Set(problems.map(({ path }) => path.join(".")));
  const found: readonly Pick<SchemaProblem, "path" | "message">[] = [
    ...problems,
    // What a placeholder without a value looks like to the schema says nothing new.
    ...problemsOf(result.issues ?? []).filter(({ path }) => !unresolved.has(path.join("."))),
  ];
  if (found.length > 0) {
    const placed = found.map(({ path, message }) => place(path, message, documents));
    throw new ConfigError(inReadingOrder(placed));
  }
  if (result.issues !== undefined) {
    throw new ConfigError([{ path: "", message: "the schema refuses it without saying why" }]);
  }
  return result.value;

  function problemsOf(issues: readonly StandardIssue[]): SchemaProblem[] {
    return issues.flatMap((issue) => describeIssue(issue, input, schema));
  }
}

/** Unknown keys that only documents have which may hold such. */
function findStrays(
  problems: readonly SchemaProblem[],
  documents: readonly ConfigDocument[],
): ConfigPath[] {
  return problems
    .filter(({ unknownKey }) => unknownKey)
    .map(({ path }) => path)
    .filter((path) => {
      const origins = documents.filter((document) => document.locate(path) !== undefined);
      return origins.length > 0 && origins.every((document) => document.open === true);
    });
}

/** Problems of one file together, as one reads it; files in the order in which they came up. */
function inReadingOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const files = problems.map(({ file }) => file);
  return problems.toSorted(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}

/** The problem at the place where `path`, or what of it there is, was said last. */
function place(
  path: ConfigPath,
  message: string,
  documents: readonly ConfigDocument[],
): ConfigProblem {
  const problem = { path: path.join("."), message };
  for (let length = path.length; length > 0; length--) {
    for (const document of documents.toReversed()) {
      const position = document.locate(path.slice(0, length));
      if (position !== undefined) return { ...problem, ...position };
    }
  }
  const file = documents.findLast((document) => document.open !== true)?.name;
  return file === undefined ? problem : { ...problem, file };
}
