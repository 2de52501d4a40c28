import { toErrorText } from "../../../errors/error-text.ts";
import type { KratosError } from "../../../errors/kratos-error.ts";
import type { Logger } from "../../../log/logger.ts";

/**
 * Tells of a request that was answered before any middleware saw it: no such route, a body that cannot be
 * read. At level info, as a request that was served is, and with the same fields. `operation` is the path
 * where no route has one.
 */
export function logRefusal(logger: Logger, operation: string, error: KratosError): void {
  const { code, reason } = error;
  const fields = { kind: "server", component: "http", operation, code, reason };
  logger.info({ ...fields, error: toErrorText(error) }, "server request refused");
}
