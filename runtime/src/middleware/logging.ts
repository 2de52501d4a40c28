import { toErrorText } from "../errors/error-text.ts";
import { fromError } from "../errors/from-error.ts";
import type { Logger } from "../log/logger.ts";
import type { CallContext } from "../transport/context.ts";
import type { Middleware } from "./middleware.ts";
import { watchOutcome } from "./watch-outcome.ts";

/** Options of {@link logging}. */
export interface LoggingOptions {
  /**
   * What to log of the request, as `args`: `true` for all of it, or a function that picks and hides.
   * Requests hold secrets and can be large, so the default is nothing.
   */
  readonly args?: boolean | ((request: unknown, context: CallContext) => unknown) | undefined;
}

/**
 * Writes one record after each call, or each stream (Kratos's `logging`): "server request" or
 * "client request" at level info; at warn when the caller was wrong (a code below 500), at error when the
 * service was. Fields: `kind` (`server` or `client`),
 * `component` (`http` or `grpc`), `operation`, `args` when asked for, `code` (200 when all went well),
 * `reason`, `latency` in seconds; of a failure also `error`, and `stack` from code 500 up. A stream whose
 * reader left has code 499 and level info.
 * Default `logger`: the call's own. Nothing is computed when its level is above what would be written.
 */
export function logging(logger?: Logger, options: LoggingOptions = {}): Middleware {
  const { args = false } = options;
  return (next) => (request, context) => {
    const target = logger ?? context.logger;
    if (target.level === "silent" || target.level === "fatal") return next(request, context);
    const infoIsOff = target.level === "error" || target.level === "warn";
    const start = performance.now();
    return watchOutcome(next, request, context, {
      succeeded() {
        if (!infoIsOff) target.info(describe(200, ""), messageFor(context));
      },
      left() {
        if (!infoIsOff) target.info(describe(499, ""), messageFor(context));
      },
      failed(error) {
        const known = fromError(error);
        const fields = describe(known.code, known.reason);
        fields["error"] = toErrorText(known);
        if (known.code >= 500) fields["stack"] = error instanceof Error ? error.stack : undefined;
        if (known.code >= 500) target.error(fields, messageFor(context));
        else target.warn(fields, messageFor(context));
        return error;
      },
    });

    function describe(code: number, reason: string): Record<string, unknown> {
      const fields: Record<string, unknown> = {
        kind: context.side,
        component: context.kind,
        operation: context.operation,
      };
      if (args !== false) fields["args"] = args === true ? request : args(request, context);
      fields["code"] = code;
      fields["reason"] = reason;
      fields["latency"] = (performance.now() - start) / 1000;
      return fields;
    }
  };
}

function messageFor(context: CallContext): string {
  return context.side === "server" ? "server request" : "client request";
}
