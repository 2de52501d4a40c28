import { findKnownError } from "../errors/from-error.ts";
import { findKratosError, KratosError } from "../errors/kratos-error.ts";
import type { Logger } from "../log/logger.ts";
import type { CallContext } from "../transport/context.ts";
import type { Middleware } from "./middleware.ts";
import { watchOutcome } from "./watch-outcome.ts";

/** Options of {@link recovery}. */
export interface RecoveryOptions {
  /** Where unexpected errors go. Default: the call's own logger. */
  readonly logger?: Logger | undefined;
  /**
   * Makes the error that the caller gets in place of an unexpected one.
   * Default: 500 `UNKNOWN` "unknown request error".
   */
  readonly handler?:
    ((error: unknown, request: unknown, context: CallContext) => KratosError) | undefined;
}

/**
 * Keeps what went wrong inside a handler from its caller (Kratos's `recovery`). A `KratosError`, also as a
 * cause, is meant for the caller and passes; so do errors of gRPC clients, aborts (499) and timeouts (504).
 * Anything else is a mistake: it is logged with its stack, and the caller learns only that there was one.
 * Put it first, or second to `logging` when mistakes should be in the request log as well.
 */
export function recovery(options: RecoveryOptions = {}): Middleware {
  const handler = options.handler ?? createUnknownError;
  return (next) =>
    watchOutcome(next, {
      failed(error, request, context) {
        if (findKratosError(error) !== undefined) return error; // with all that wraps it, for the log
        const known = findKnownError(error);
        if (known !== undefined) return known;
        (options.logger ?? context.logger).error(
          {
            err: error,
            kind: context.side,
            component: context.kind,
            operation: context.operation,
          },
          "panic recovered",
        );
        return handler(error, request, context);
      },
    });
}

function createUnknownError(error: unknown): KratosError {
  return new KratosError(500, "UNKNOWN", "unknown request error", { cause: error });
}
