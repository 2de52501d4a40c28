import type { LogFields, Logger, LogLevel, LogMethod } from "./logger.ts";
import { createJsonFormat, createPrettyFormat, type RecordFormat } from "./record-format.ts";

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** Records below it are not written, and nothing is computed for them. Default: `info`. */
  readonly level?: LogLevel | undefined;
  /** Takes each record as text that ends with a line feed. Default: standard output. */
  readonly write?: ((text: string) => void) | undefined;
  /**
   * `json`: a line of JSON per record. `pretty`: for people. Default: `pretty` where standard output is a
   * terminal and `write` is not given, else `json`.
   */
  readonly format?: "json" | "pretty" | undefined;
  /** Written with every record. Default: none. */
  readonly bindings?: LogFields | undefined;
}

/**
 * Makes a logger that needs no other package. Its `level` can be changed at any time; children start with
 * their parent's. Throws a `TypeError` for an unknown level.
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const terminal = options.write === undefined && process.stdout.isTTY;
  const format =
    (options.format ?? (terminal ? "pretty" : "json")) === "json"
      ? createJsonFormat()
      : createPrettyFormat(terminal && process.env["NO_COLOR"] === undefined);
  const write = options.write ?? createOutputWriter();
  return new RecordLogger(options.level ?? "info", format, write, { ...options.bindings });
}

/**
 * Writes to standard output. Where its reader is gone (`service | head`, a log collector that died), what
 * is written is lost and the service lives on: a log is no reason to fail a request.
 */
function createOutputWriter(): (text: string) => void {
  const { stdout } = process;
  if (!stdout.listeners("error").includes(ignoreClosedPipe)) stdout.on("error", ignoreClosedPipe);
  return (text) => {
    if (stdout.writable) stdout.write(text);
  };
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

const severities: Readonly<Record<string, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: Number.POSITIVE_INFINITY,
};

/** Hands each record over as it is formatted. */
export class RecordLogger implements Logger {
  trace!: LogMethod;
  debug!: LogMethod;
  info!: LogMethod;
  warn!: LogMethod;
  error!: LogMethod;
  fatal!: LogMethod;

  readonly #format: RecordFormat;
  readonly #write: (text: string) => void;
  readonly #bindings: LogFields;
  #level = "";

  constructor(
    level: string,
    format: RecordFormat,
    write: (text: string) => void,
    bindings: LogFields,
  ) {
    this.#format = format;
    this.#write = write;
    this.#bindings = bindings;
    this.level = level;
  }

  get level(): string {
    return this.#level;
  }

  set level(level: string) {
    if (!Object.hasOwn(severities, level)) {
      const known = Object.keys(severities).join(", ");
      throw new TypeError(`unknown log level "${level}", use one of ${known}`);
    }
    this.#level = level;
    // A method of a disabled level does nothing at all, so that calling it costs nothing.
    this.trace = this.#methodFor("trace");
    this.debug = this.#methodFor("debug");
    this.info = this.#methodFor("info");
    this.warn = this.#methodFor("warn");
    this.error = this.#methodFor("error");
    this.fatal = this.#methodFor("fatal");
  }

  child(bindings: Record<string, unknown>): Logger {
    const all = { ...this.#bindings, ...bindings };
    return new RecordLogger(this.#level, this.#format, this.#write, all);
  }

  #methodFor(level: LogLevel): LogMethod {
    if (severityOf(level) < severityOf(this.#level)) return ignore;
    return (first: object | string, message?: string) => {
      let fields: LogFields = noFields;
      let text = message;
      if (typeof first === "string") text = first;
      else if (first instanceof Error) {
        fields = { err: first };
        text ??= first.message;
      } else fields = (first as LogFields | null | undefined) ?? noFields; // plain JavaScript may pass nothing
      const time = new Date();
      this.#write(this.#format({ level, time, message: text, bindings: this.#bindings, fields }));
    };
  }
}

const noFields: LogFields = Object.freeze({});

function severityOf(level: string): number {
  return severities[level] ?? 0;
}

function ignore(): void {}
