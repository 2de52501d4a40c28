import { RecordLogger } from "../log/create-logger.ts";
import type { LogFields, Logger, LogLevel } from "../log/logger.ts";

/** What was logged. */
export interface RecordedLog {
  readonly level: string;
  /** Empty when there was none. */
  readonly message: string;
  /** As they were given, errors too, beside those of the logger. */
  readonly fields: LogFields;
}

/** A logger that keeps what is logged with it, and with its children. */
export interface RecordingLogger extends Logger {
  /** In the order in which they came. */
  readonly records: readonly RecordedLog[];
}

/** Makes a {@link RecordingLogger}; records below `level` are left out. */
export function createRecordingLogger(level: LogLevel = "trace"): RecordingLogger {
  const records: RecordedLog[] = [];
  const logger = new RecordLogger(
    level,
    ({ level: at, message = "", bindings, fields }) => {
      records.push({ level: at, message, fields: { ...bindings, ...fields } });
      return "";
    },
    () => undefined,
    {},
  );
  return Object.assign(logger, { records });
}
