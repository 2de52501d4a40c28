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
  return (next) => {
    const watched = watchOutcome(next, {
      begins: () => performance.now(),
      succeeded(request, context, start) {
        const target = logger ?? context.logger;
        if (isOff(target, "info")) return;
        target.info(describe(request, context, start, 200, ""), messageFor(context));
      },
      left(request, context, start) {
        const target = logger ?? context.logger;
        if (isOff(target, "info")) return;
        target.info(describe(request, context, start, 499, ""), messageFor(context));
      },
      failed(error, request, context, start) {
        const target = logger ?? context.logger;
        const known = fromError(error);
        const fields = describe(request, context, start, known.code, known.reason);
        fields["error"] = toErrorText(known);
        if (known.code >= 500) fields["stack"] = stackOf(error);
        if (known.code >= 500) target.error(fields, messageFor(context));
        else target.warn(fields, messageFor(context));
        return error;
      },
    });
    return (request, context) =>
      (isOff(logger ?? context.logger, "error") ? next : watched)(request, context);
  };

  function describe(
    request: unknown,
    context: CallContext,
    start: number,
    code: number,
    reason: string,
  ): Record<string, unknown> {
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
}

/** Whether the logger writes nothing of this level, so that nothing need be computed. */
function isOff({ level }: Logger, wanted: "info" | "error"): boolean {
  if (level === "silent" || level === "fatal") return true;
  return wanted === "info" && (level === "error" || level === "warn");
}

/** Undefined where there is none, and for what throws when it is looked at. */
function stackOf(error: unknown): string | undefined {
  try {
    return error instanceof Error ? error.stack : undefined;
  } catch {
    return undefined;
  }
}

function messageFor(context: CallContext): string {
  return context.side === "server" ? "server request" : "client request";
}
