import type { GrpcCode } from "./grpc-code.ts";

/**
 * A further fact for machines, as a packed message: what `anyPack` of `@bufbuild/protobuf/wkt` makes, and
 * `anyUnpack` reads.
 */
export interface ErrorDetail {
  readonly $typeName: "google.protobuf.Any";
  /** Its part behind the last slash is the name of the message, such as `google.rpc.BadRequest`. */
  typeUrl: string;
  /** The message in protobuf binary. */
  value: Uint8Array;
}

/** Optional parts of a {@link KratosError}. */
export interface KratosErrorOptions {
  /** Facts for machines; travels with the error. Default: empty. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Further facts; they travel with the error over gRPC and Connect. Default: none. */
  readonly details?: readonly ErrorDetail[];
  /**
   * The exact code over gRPC and Connect, for those that `code` cannot tell from others, such as
   * `ALREADY_EXISTS` beside `ABORTED`. Default: what `code` becomes.
   */
  readonly grpcCode?: GrpcCode | undefined;
  /** What led to it; never leaves the process. */
  readonly cause?: unknown;
}

/**
 * An error that a service answers with: Kratos's `errors.Error`.
 * `code` is HTTP-like (100–599), `reason` an identifier such as `ORDER_NOT_FOUND`,
 * `message` for people. Any other number is allowed as a code, for errors that stay in the process;
 * what it becomes on a wire is told at `toHttpStatus` and `toGrpcStatusCode`.
 */
export class KratosError<Reason extends string = string> extends Error {
  override readonly name = "KratosError";
  readonly code: number;
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;
  /** Beside the `google.rpc.ErrorInfo`, which reason and metadata become. */
  readonly details: readonly ErrorDetail[];
  /**
   * The exact code over gRPC and Connect; of every error that a gRPC client got. Undefined: what `code` becomes
   * (`toGrpcStatusCode`).
   */
  readonly grpcCode: GrpcCode | undefined;

  constructor(code: number, reason: Reason, message: string, options: KratosErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.reason = reason;
    this.metadata = { ...options.metadata };
    this.details = [...(options.details ?? [])];
    this.grpcCode = options.grpcCode;
  }

  /** A copy of this error, stack included, that was caused by `cause`. */
  withCause(cause: unknown): KratosError<Reason> {
    return copyOf(this, { cause });
  }

  /** A copy of this error, stack included, with `metadata` in place of what it has (nothing is merged). */
  withMetadata(metadata: Readonly<Record<string, string>>): KratosError<Reason> {
    return copyOf(this, { metadata });
  }

  /**
   * A copy of this error, stack included, with `details` in place of what it has, such as
   * `anyPack(BadRequestSchema, create(BadRequestSchema, {…}))`. Over gRPC there is room for about 4 KiB of them;
   * those that do not fit are left out. Replies in JSON have none.
   */
  withDetails(...details: readonly ErrorDetail[]): KratosError<Reason> {
    return copyOf(this, { details });
  }
}

function copyOf<R extends string>(
  error: KratosError<R>,
  changes: KratosErrorOptions,
): KratosError<R> {
  const { code, reason, message, metadata, details, grpcCode } = error;
  const facts = { metadata, details, grpcCode };
  const kept = "cause" in error ? { ...facts, cause: error.cause } : facts;
  const copy = new KratosError(code, reason, message, { ...kept, ...changes });
  if (error.stack !== undefined) copy.stack = error.stack;
  return copy;
}

/** Tells by shape, not `instanceof`, so that two installed copies of this package agree. Never throws. */
export function isKratosError(error: unknown): error is KratosError {
  try {
    return (
      error instanceof Error &&
      error.name === "KratosError" &&
      "code" in error &&
      typeof error.code === "number" &&
      "reason" in error &&
      typeof error.reason === "string"
    );
  } catch {
    return false; // a getter or proxy that throws when it is looked at
  }
}

/** The first KratosError in `error` and its chain of causes. Never throws. */
export function findKratosError(error: unknown): KratosError | undefined {
  return findCause(error, isKratosError);
}

/**
 * The first error that `matches` in `error` and its chain of causes, which may be circular. What throws when
 * it is looked at ends the chain.
 */
export function findCause<T>(
  error: unknown,
  matches: (error: unknown) => error is T,
): T | undefined {
  try {
    if (matches(error)) return error; // the usual case, without the set
    const seen = new Set<unknown>();
    for (let e = error; e instanceof Error && !seen.has(e); e = e.cause) {
      if (matches(e)) return e;
      seen.add(e);
    }
  } catch {
    return undefined;
  }
  return undefined;
}

/** Reports whether `error`, or any of its causes, has this code and reason (Kratos's `errors.Is`). */
export function hasReason(error: unknown, code: number, reason: string): boolean {
  const found = findKratosError(error);
  return found?.code === code && found.reason === reason;
}
