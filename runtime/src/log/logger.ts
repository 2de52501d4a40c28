/** Fields of a log record. An `Error` under `err` is written with its stack and causes. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Severity, from chatty to silent. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/**
 * What this package needs of a logger. A pino logger satisfies it as it is.
 * `logger.info({ orderId }, "order created")` or `logger.info("started")`.
 */
export interface Logger {
  level: string;
  trace: LogMethod;
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
  fatal: LogMethod;
  /** A logger that writes `bindings` with every record. */
  child(bindings: Record<string, unknown>): Logger;
}

/** Writes one record: fields, then message; or the message alone. */
export interface LogMethod {
  (fields: object, message?: string): void;
  (message: string): void;
}
