/** Optional parts of a {@link KratosError}. */
export interface KratosErrorOptions {
  /** Facts for machines; travels with the error. Default: empty. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What led to it; never leaves the process. */
  readonly cause?: unknown;
}

/**
 * An error that a service answers with: Kratos's `errors.Error`.
 * `code` is HTTP-like (100–599), `reason` an identifier such as `ORDER_NOT_FOUND`,
 * `message` for people.
 */
export class KratosError<Reason extends string = string> extends Error {
  override readonly name = "KratosError";
  readonly code: number;
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(code: number, reason: Reason, message: string, options: KratosErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.reason = reason;
    this.metadata = options.metadata ?? {};
  }
}

/** Tells by shape, not `instanceof`, so that two installed copies of this package agree. */
export function isKratosError(error: unknown): error is KratosError {
  return (
    error instanceof Error &&
    error.name === "KratosError" &&
    "code" in error &&
    typeof error.code === "number" &&
    "reason" in error &&
    typeof error.reason === "string"
  );
}

/** The first KratosError in `error` and its chain of causes. */
export function findKratosError(error: unknown): KratosError | undefined {
  const seen = new Set<unknown>(); // a chain of causes may be circular
  for (let e = error; e instanceof Error && !seen.has(e); e = e.cause) {
    if (isKratosError(e)) return e;
    seen.add(e);
  }
  return undefined;
}

/** Reports whether `error`, or any of its causes, has this code and reason (Kratos's `errors.Is`). */
export function hasReason(error: unknown, code: number, reason: string): boolean {
  const found = findKratosError(error);
  return found?.code === code && found.reason === reason;
}
