/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  /** Keys joined with dots, such as `server.http.addr`; empty for a problem of a whole file. */
  readonly path: string;
  readonly message: string;
  /** The file, or another place, that is to be corrected. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
}

/** The configuration cannot be used. Its message has a line per problem, each beginning with its place. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** All that is wrong, never empty. */
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    const lines = problems.map(formatProblem);
    super(
      lines.length === 1 ? lines[0] : [`${lines.length} problems:`, ...lines].join("\n"),
      options,
    );
    this.problems = problems;
  }
}

/** Tells by shape, so that two installed copies of this package agree. */
export function isConfigError(error: unknown): error is ConfigError {
  return (
    error instanceof Error &&
    error.name === "ConfigError" &&
    "problems" in error &&
    Array.isArray(error.problems)
  );
}

/** The values, or one error with the problems of all that failed. What is no ConfigError is thrown as it is. */
export function valuesOrProblems<T>(results: readonly PromiseSettledResult<T>[]): T[] {
  const failures = results.flatMap((r) => (r.status === "rejected" ? [r.reason as unknown] : []));
  const unexpected = failures.find((failure) => !isConfigError(failure));
  if (unexpected !== undefined) throw unexpected;
  if (failures.length === 1) throw failures[0];
  const problems = failures.filter(isConfigError).flatMap((failure) => failure.problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return results.flatMap((r) => (r.status === "fulfilled" ? [r.value] : []));
}

/** `configs/config.yaml:3:5: server.http.adrr: unknown key, did you mean "addr"?` */
function formatProblem({ path, message, file, line, column }: ConfigProblem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  return [place, path, message].filter((part) => part !== "").join(": ");
}
